/**
 * The tables. Every layer above db/ reads them from here; jobs/ alone writes those of running work.
 * States are text with check constraints, settings are jsonb typed by the catalogs, ids are uuids, digests name folders
 * and files of storage/. What a creating mutation makes carries its idempotency key.
 */
import { checkpoints } from './schema/checkpoints.ts';
import { collections, documents } from './schema/collections.ts';
import { datasets } from './schema/datasets.ts';
import { evaluations } from './schema/evaluations.ts';
import { jobs } from './schema/jobs.ts';
import { models } from './schema/models.ts';
import { runs } from './schema/runs.ts';

export * from './schema/attempts.ts';
export * from './schema/checkpoints.ts';
export * from './schema/collections.ts';
export * from './schema/datasets.ts';
export * from './schema/evaluations.ts';
export * from './schema/jobs.ts';
export * from './schema/models.ts';
export * from './schema/runs.ts';

/**
 * The nouns of the API: every table whose rows have a global id, the GraphQL type of its rows, and what messages call
 * one row. The loaders, connections and id checks of the API all derive from this record.
 */
export const nouns = {
  datasets: { table: datasets, type: 'Dataset', called: 'data set' },
  models: { table: models, type: 'Model', called: 'model' },
  runs: { table: runs, type: 'Run', called: 'run' },
  checkpoints: { table: checkpoints, type: 'Checkpoint', called: 'checkpoint' },
  evaluations: { table: evaluations, type: 'Evaluation', called: 'evaluation' },
  collections: { table: collections, type: 'Collection', called: 'collection' },
  documents: { table: documents, type: 'Document', called: 'document' },
  jobs: { table: jobs, type: 'Job', called: 'job' },
} as const;
