/**
 * The tables. Every layer above db/ reads them from here; jobs/ alone writes those of running work.
 * States are text with check constraints, settings are jsonb typed by the catalogs, ids are uuids, digests name folders
 * and files of storage/. What a creating mutation makes carries its idempotency key.
 */
import * as tables from './tables.ts';

export * from './tables.ts';

/**
 * The nouns of the API: every table whose rows have a global id, the GraphQL type of its rows, and what messages call
 * one row and several. `role`: whom they are for, where not everybody may read them. The loaders, connections and id
 * checks of the API all derive from this record.
 */
export const nouns = {
  datasets: { table: tables.datasets, type: 'Dataset', called: 'data set', plural: 'data sets' },
  models: { table: tables.models, type: 'Model', called: 'model', plural: 'models' },
  runs: { table: tables.runsWithJobs, type: 'Run', called: 'run', plural: 'runs' },
  checkpoints: { table: tables.checkpoints, type: 'Checkpoint', called: 'checkpoint', plural: 'checkpoints' },
  suites: { table: tables.suites, type: 'Suite', called: 'suite', plural: 'suites' },
  evaluations: { table: tables.evaluations, type: 'Evaluation', called: 'evaluation', plural: 'evaluations' },
  fusionSearches: {
    table: tables.fusionSearchesWithJobs,
    type: 'FusionSearch',
    called: 'search for a fusion',
    plural: 'searches for a fusion',
  },
  collections: { table: tables.collections, type: 'Collection', called: 'collection', plural: 'collections' },
  documents: { table: tables.documents, type: 'Document', called: 'document', plural: 'documents' },
  architectureSearches: {
    table: tables.architectureSearchesWithJobs,
    type: 'ArchitectureSearch',
    called: 'architecture search',
    plural: 'architecture searches',
  },
  jobs: { table: tables.jobs, type: 'Job', called: 'job', plural: 'jobs' },
  apiKeys: { table: tables.apiKeys, type: 'ApiKey', called: 'API key', plural: 'API keys', role: 'admin' },
  auditEntries: {
    table: tables.auditEntries,
    type: 'AuditEntry',
    called: 'entry of the audit log',
    plural: 'entries of the audit log',
    role: 'admin',
  },
} as const;
