/** The tables, a line a file. */
export * from './schema/architecture-searches.ts';
export * from './schema/changes.ts';
export * from './schema/checkpoints.ts';
export * from './schema/collections.ts';
export * from './schema/datasets.ts';
export * from './schema/evaluations.ts';
export * from './schema/fusion-searches.ts';
export * from './schema/job-attempts.ts';
export * from './schema/job-events.ts';
export * from './schema/job-tickets.ts';
export * from './schema/jobs.ts';
export * from './schema/models.ts';
export * from './schema/run-dev.ts';
export * from './schema/run-starts.ts';
export * from './schema/run-teachers.ts';
export * from './schema/runs.ts';
export * from './schema/suites.ts';
