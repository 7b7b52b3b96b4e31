/** The list of evaluations. */
import { sql } from 'drizzle-orm';
import { checkpoints, evaluations } from '../../db/schema.ts';
import { changed, column, columnEdge, edge, nounList } from '../common/listing/define.ts';

/** Of evaluations whose checkpoint has this. */
const ofCheckpoint = (condition: ReturnType<typeof sql>) =>
  sql`exists (select from ${checkpoints} where ${checkpoints.id} = ${evaluations.checkpointId} and ${condition})`;

export const evaluationList = nounList('evaluations', {
  called: 'evaluations',
  columns: {
    createdAt: column(evaluations.createdAt, 'time of its making'),
    ...changed(evaluations),
    evaluator: column(evaluations.evaluator, 'evaluator'),
    split: column(evaluations.split, 'split'),
    pooled: column(evaluations.pooled, 'restriction to a pooled corpus'),
    task: column(evaluations.task, 'task'),
    main: column(
      sql`(${evaluations.metrics} ->> ${evaluations.main})::double precision`,
      'value of the figure that counts most',
      { kind: 'float', nullable: true },
    ),
    count: column(evaluations.count, 'number of queries or pairs that count'),
    documents: column(evaluations.documents, 'number of documents searched'),
    tokens: column(evaluations.tokens, 'number of tokens embedded'),
    seconds: column(evaluations.seconds, 'time it took'),
    dimension: column(evaluations.dimension, 'number of components that were compared'),
  },
  edges: {
    checkpoint: columnEdge('Checkpoint', 'of', evaluations.checkpointId),
    dataset: columnEdge('Dataset', 'on', evaluations.datasetId),
    run: edge('Run', 'of checkpoints of', (is) => ofCheckpoint(is(checkpoints.runId))),
    model: edge('Model', 'of checkpoints that descend from', (is) => ofCheckpoint(is(checkpoints.modelId))),
  },
});
