/** One connection type per node type, whichever field it stands in. */
import { builder } from '../builder.ts';
import { Checkpoint, Collection, Dataset, Document, Evaluation, Job, Model, Run } from './refs.ts';

export const DatasetConnection = builder.connectionObject(
  { type: Dataset, name: 'DatasetConnection' },
  { name: 'DatasetEdge' },
);
export const ModelConnection = builder.connectionObject(
  { type: Model, name: 'ModelConnection' },
  { name: 'ModelEdge' },
);
export const RunConnection = builder.connectionObject({ type: Run, name: 'RunConnection' }, { name: 'RunEdge' });
export const CheckpointConnection = builder.connectionObject(
  { type: Checkpoint, name: 'CheckpointConnection' },
  { name: 'CheckpointEdge' },
);
export const EvaluationConnection = builder.connectionObject(
  { type: Evaluation, name: 'EvaluationConnection' },
  { name: 'EvaluationEdge' },
);
export const CollectionConnection = builder.connectionObject(
  { type: Collection, name: 'CollectionConnection' },
  { name: 'CollectionEdge' },
);
export const DocumentConnection = builder.connectionObject(
  { type: Document, name: 'DocumentConnection' },
  { name: 'DocumentEdge' },
);
export const JobConnection = builder.connectionObject({ type: Job, name: 'JobConnection' }, { name: 'JobEdge' });
