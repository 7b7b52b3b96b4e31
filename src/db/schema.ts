/**
 * The tables. Every layer above db/ reads them from here; jobs/ alone writes those of running work.
 * States are text with check constraints, settings are jsonb typed by the catalogs, ids are uuids, digests name folders
 * and files of storage/. What a creating mutation makes carries its idempotency key.
 */
export * from './schema/attempts.ts';
export * from './schema/checkpoints.ts';
export * from './schema/collections.ts';
export * from './schema/datasets.ts';
export * from './schema/evaluations.ts';
export * from './schema/jobs.ts';
export * from './schema/models.ts';
export * from './schema/runs.ts';
