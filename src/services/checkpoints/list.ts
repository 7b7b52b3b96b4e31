/** The list of checkpoints. */
import { type SQL, sql } from 'drizzle-orm';
import type { Split } from '../../data/types.ts';
import { checkpointFigures, checkpointParents, checkpoints, runStarts } from '../../db/schema.ts';
import { column, columnEdge, edge, edited, nounList } from '../common/listing/define.ts';
import type { Kept } from '../common/listing/types.ts';

/** Which figure an order by an evaluation is about. */
export interface FigureChoice {
  /** Key of the data set. */
  readonly dataset: string;
  readonly split: Split;
  readonly metric: string;
  readonly pooled: boolean;
}

const figures = checkpointFigures;

/** Joins a checkpoint to its figure. */
const isFigure = ({ dataset, split, metric, pooled }: FigureChoice): SQL => sql`
  ${figures.checkpointId} = ${checkpoints.id} and ${figures.datasetId} = ${dataset}::uuid
  and ${figures.split} = ${split} and ${figures.pooled} = ${pooled} and ${figures.metric} = ${metric}`;

/** Of the newest evaluation of whole vectors; null where there is none, or it has no such figure. */
const figureOf = (choice: FigureChoice): SQL =>
  sql`(select ${figures.value} from ${figures} where ${isFigure(choice)})`;

const keptFigures = (choice: FigureChoice): Kept => ({
  ...{ table: figures, on: isFigure(choice), value: figures.value, key: figures.checkpointId },
});

const changes = { changes: true };

export const checkpointList = nounList('checkpoints', {
  called: 'checkpoints',
  searchForm: checkpoints.searchForm,
  columns: {
    createdAt: column(checkpoints.createdAt, 'time of its making'),
    alias: column(checkpoints.alias, 'alias', { searched: true, ...changes }),
    name: column(checkpoints.name, 'name', { searched: true, ...changes }),
    ...edited(checkpoints),
    reason: column(checkpoints.reason, 'reason'),
    step: column(checkpoints.step, 'number of updates made'),
    epoch: column(checkpoints.epoch, 'epoch'),
    digest: column(checkpoints.digest, 'digest'),
    bytes: column(checkpoints.bytes, 'size in bytes'),
    resumable: column(sql`(${checkpoints.stateDigest} is not null)`, 'ability to continue its run', {
      ...{ kind: 'boolean', sorted: false },
      ...changes,
    }),
    evaluation: column(figureOf, 'figure of its newest evaluation that `evaluation` names', {
      ...{ kind: 'float', nullable: true, filtered: false, argument: 'evaluation', kept: keptFigures },
      ...changes,
    }),
  },
  edges: {
    run: columnEdge('Run', 'of', checkpoints.runId),
    model: columnEdge('Model', 'that descend from', checkpoints.modelId),
    parent: edge(
      'Checkpoint',
      'that were fused from',
      (is) => sql`exists (select from ${checkpointParents}
        where ${checkpointParents.checkpointId} = ${checkpoints.id} and ${is(checkpointParents.parentId)})`,
    ),
    startOf: edge(
      'Run',
      'that are the start of',
      (is) => sql`exists (select from ${runStarts}
        where ${runStarts.checkpointId} = ${checkpoints.id} and ${is(runStarts.runId)})`,
    ),
  },
});
