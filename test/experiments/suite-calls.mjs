/** The calls of the public API that the suite experiment makes. */
import {
  CompareCheckpointsDocument,
  EvaluateCheckpointDocument,
  EvaluateSuiteDocument,
  JobEventsDocument,
  JobsOfKeyDocument,
  SuiteOverlapsDocument,
  TypedDocumentString,
} from '../../dist/src/client/index.js';
import { serve } from './server.mjs';

const Initial = new TypedDocumentString('query Initial($id: ID!) { model(id: $id) { checkpoint { id } } }');

export const initialOf = async (client, id) => (await client.execute(Initial, { id })).model.checkpoint.id;

/** The figures of a checkpoint, or of tf-idf where none is named, on a suite. */
export async function evaluate(client, suite, checkpoint, key) {
  const subject = checkpoint === null ? {} : { checkpoint: { id: checkpoint }, geometry: true };
  const input = { suite, ...subject, idempotencyKey: key };
  return (await client.execute(EvaluateSuiteDocument, { input })).evaluateSuite.result;
}

/**
 * The same by a server that is killed half-way and started again. `open` starts it; its evaluations are those of
 * before where they were there.
 */
export async function evaluateKilled(server, options, { suite, checkpoint, key, splits }) {
  const broken = evaluate(server.client, suite, checkpoint, key).catch(() => undefined);
  const half = Math.ceil(splits / 2);
  if (!(await untilStage(server.client, key, `${half + 1} of ${splits}`))) return { server, result: await broken };
  await server.kill();
  await broken;
  const again = await serve(...options);
  const before = await cellsOf(again.client, suite, checkpoint);
  const result = await evaluate(again.client, suite, checkpoint, key);
  const kept = before.flatMap(({ evaluation }, i) =>
    evaluation ? [evaluation.id === result.cells[i].evaluation.id] : [],
  );
  if (kept.includes(false)) throw new Error('an evaluation that was there was made again');
  return { server: again, result, kept: kept.length };
}

/** Whether the job was seen at work on that; false where it had ended before. */
async function untilStage(client, key, stage) {
  let job;
  while (job === undefined) job = (await client.execute(JobsOfKeyDocument, { key })).jobs.nodes[0];
  for await (const { jobEvents } of client.subscribe(JobEventsDocument, { jobId: job.id })) {
    if (jobEvents.state === 'RUNNING' && jobEvents.stage?.startsWith(stage)) return true;
  }
  return false;
}

const Cells = new TypedDocumentString(`query Cells($suite: ID!, $checkpoint: CheckpointChoice) {
  suite(id: $suite) { result(checkpoint: $checkpoint) { cells {
    dataset { name }
    evaluation { id geometry {
      alignment uniformity meanCosine tokenCosine effectiveRank conditionNumber
    } }
  } } }
}`);

/** The newest evaluations with their geometry. */
export const cellsOf = async (client, suite, checkpoint) =>
  (await client.execute(Cells, { suite, checkpoint: { id: checkpoint } })).suite.result.cells;

/** The main figures of the data sets, evaluated anew. */
export async function evaluateAnew(client, checkpoint, datasets) {
  const input = { checkpoint: { id: checkpoint }, datasets, split: 'TEST' };
  const { evaluateCheckpoint } = await client.execute(EvaluateCheckpointDocument, { input });
  return evaluateCheckpoint.evaluations.map(({ main }) => main.value);
}

export const overlapsOf = async (client, suite, checkpoint) =>
  (await client.execute(SuiteOverlapsDocument, { suite, checkpoint: { id: checkpoint } })).suite.result.cells;

/** The candidate minus the reference on each data set; null = tf-idf. */
export async function compare(client, reference, candidate, datasets) {
  const choice = (id) => (id === null ? null : { id });
  const variables = { reference: choice(reference), candidate: choice(candidate), datasets };
  return (await client.execute(CompareCheckpointsDocument, variables)).compareCheckpoints;
}
