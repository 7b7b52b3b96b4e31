/** The lists of runs, of their evaluations on dev sets and of their events. */
import { sql } from 'drizzle-orm';
import { devEvaluations, jobEvents, runDatasets, runStarts, runsWithJobs as runs } from '../../db/schema.ts';
import { column, columnEdge, edge, edited, listOf, nounList, ofJob } from '../common/listing/define.ts';

const changes = { changes: true };

export const runList = nounList('runs', {
  called: 'runs',
  searchForm: runs.searchForm,
  columns: {
    createdAt: column(runs.createdAt, 'time of its request'),
    name: column(runs.name, 'name', { searched: true }),
    ...edited(runs),
    ...ofJob(runs, ['state', 'attempt', 'startedAt', 'finishedAt']),
    step: column(runs.step, 'number of updates made', changes),
    steps: column(runs.steps, 'number of planned updates', changes),
    epoch: column(runs.epoch, 'epoch', changes),
    loss: column(runs.loss, 'last loss', changes),
    bestScore: column(runs.bestScore, 'highest joint score', changes),
    bestStep: column(runs.bestStep, 'step of the highest joint score', changes),
    tokensPerSecond: column(runs.tokensPerSecond, 'tokens per second', changes),
    secondsLeft: column(runs.secondsLeft, 'estimated time left', changes),
    parameters: column(runs.parameters, 'number of weights', changes),
    memoryBytes: column(runs.memoryBytes, 'estimate of the device memory', changes),
    cause: column(runs.cause, 'cause of an early success', { kind: 'enum', nullable: true, ...changes }),
  },
  edges: {
    model: columnEdge('Model', 'of the lineage of', runs.modelId),
    dataset: edge(
      'Dataset',
      'that train on',
      (is) =>
        sql`exists (select from ${runDatasets} where ${runDatasets.runId} = ${runs.id} and ${is(runDatasets.datasetId)})`,
    ),
    checkpoint: edge(
      'Checkpoint',
      'that started from',
      (is) =>
        sql`exists (select from ${runStarts} where ${runStarts.runId} = ${runs.id} and ${is(runStarts.checkpointId)})`,
    ),
  },
});

export const devEvaluationList = listOf('devEvaluations', {
  table: devEvaluations,
  key: column(devEvaluations.step, 'number of updates made'),
  called: 'evaluations',
  columns: {
    step: column(devEvaluations.step, 'number of updates made'),
    createdAt: column(devEvaluations.createdAt, 'time of its making'),
    epoch: column(devEvaluations.epoch, 'epoch'),
    score: column(devEvaluations.score, 'joint score'),
    seconds: column(devEvaluations.seconds, 'time it took'),
  },
  edges: { run: columnEdge('Run', 'of', devEvaluations.runId) },
  order: [{ field: 'step', direction: 'asc' }],
});

export const runEventList = listOf('runEvents', {
  table: jobEvents,
  key: column(jobEvents.seq, 'number'),
  called: 'events',
  columns: { seq: column(jobEvents.seq, 'number') },
  edges: { run: columnEdge('Run', 'of', jobEvents.jobId) },
  order: [{ field: 'seq', direction: 'asc' }],
});
