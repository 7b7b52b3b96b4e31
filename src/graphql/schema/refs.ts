/** The node types: how each is loaded by key, many at once. Their fields are in the file named after each. */
import type {
  CheckpointRow,
  CollectionRow,
  DatasetRow,
  DocumentRow,
  EvaluationRow,
  JobRow,
  ModelRow,
  RunRow,
} from '../../db/schema.ts';
import { byIds } from '../../services/common/rows.ts';
import { builder } from '../builder.ts';

/** Loads are gathered, never kept: a subscription's context lives for hours and must see rows as they are. */
const loaderOptions = { cache: false };

export const Dataset = builder.loadableNodeRef<DatasetRow | Error>('Dataset', {
  id: { resolve: (row) => row.id },
  loaderOptions,
  load: (ids, { tandem }) => byIds(tandem, 'datasets', ids),
});
export const Model = builder.loadableNodeRef<ModelRow | Error>('Model', {
  id: { resolve: (row) => row.id },
  loaderOptions,
  load: (ids, { tandem }) => byIds(tandem, 'models', ids),
});
export const Run = builder.loadableNodeRef<RunRow | Error>('Run', {
  id: { resolve: (row) => row.id },
  loaderOptions,
  load: (ids, { tandem }) => byIds(tandem, 'runs', ids),
});
export const Checkpoint = builder.loadableNodeRef<CheckpointRow | Error>('Checkpoint', {
  id: { resolve: (row) => row.id },
  loaderOptions,
  load: (ids, { tandem }) => byIds(tandem, 'checkpoints', ids),
});
export const Evaluation = builder.loadableNodeRef<EvaluationRow | Error>('Evaluation', {
  id: { resolve: (row) => row.id },
  loaderOptions,
  load: (ids, { tandem }) => byIds(tandem, 'evaluations', ids),
});
export const Collection = builder.loadableNodeRef<CollectionRow | Error>('Collection', {
  id: { resolve: (row) => row.id },
  loaderOptions,
  load: (ids, { tandem }) => byIds(tandem, 'collections', ids),
});
export const Document = builder.loadableNodeRef<DocumentRow | Error>('Document', {
  id: { resolve: (row) => row.id },
  loaderOptions,
  load: (ids, { tandem }) => byIds(tandem, 'documents', ids),
});
export const Job = builder.loadableNodeRef<JobRow | Error>('Job', {
  id: { resolve: (row) => row.id },
  loaderOptions,
  load: (ids, { tandem }) => byIds(tandem, 'jobs', ids),
});
