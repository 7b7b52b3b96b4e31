/**
 * Evaluation while training through the service: an early-stopped run is killed by SIGKILL, resumed, and ends at the
 * step, with the scores and the very bits of an undisturbed one.
 */
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { followRun } from '../../src/cli/follow.ts';
import { runSettings } from '../../src/cli/quickstart/settings.ts';
import { createModel, importSample } from '../../src/cli/quickstart/steps.ts';
import {
  DevEvaluationsDocument,
  EvaluateCheckpointDocument,
  ResumeRunDocument,
  RunDocument,
  RunEventsDocument,
  StartRunDocument,
  type StartRunInput,
  type TandemClient,
} from '../../src/client/index.ts';
import { type Server, startServer } from '../faults/server.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();
let server: Server | undefined;
afterAll(() => server?.end('SIGKILL'));

async function start(): Promise<TandemClient> {
  server = await startServer(join(folder(), 'data'), { log: 'error' });
  return server.client;
}

const begin = async (client: TandemClient, input: StartRunInput): Promise<string> =>
  (await client.execute(StartRunDocument, { input })).startRun.run.id;

async function outcomeOf(client: TandemClient, id: string) {
  const { run } = await client.execute(RunDocument, { id });
  if (!run) throw new Error('the run is gone');
  const evaluations = (await client.execute(DevEvaluationsDocument, { id })).run?.devEvaluations.nodes ?? [];
  const { state, cause, step, bestScore, bestStep, checkpoints } = run;
  const last = checkpoints.nodes.at(-1);
  return {
    ...{ state, cause, step, bestScore, bestStep },
    last: last && { reason: last.reason, step: last.step, digest: last.digest },
    best: checkpoints.nodes.filter(({ best }) => best).map((checkpoint) => checkpoint.step),
    scores: evaluations.map((evaluation) => [evaluation.step, evaluation.score]),
  };
}

it('an early-stopped run ends after SIGKILL as it does undisturbed', async () => {
  let client = await start();
  const data = await importSample(client, 1);
  const model = await createModel(client, data, 1);
  // No rise is as large as minDelta, so patience ends the run while its weights change.
  const dev = { everySteps: 4, patience: 5, minDelta: 1 };
  const input: StartRunInput = {
    model: model.id,
    datasets: [{ dataset: data.ir.id }, { dataset: data.sts.id }],
    devSets: [{ dataset: data.ir.id }, { dataset: data.sts.id }],
    settings: { ...runSettings(1), checkpointEverySteps: 7, dev },
  };
  const undisturbed = await begin(client, input);
  const { ended } = await followRun(client, undisturbed, { quiet: true });
  expect(ended).toMatchObject({ state: 'SUCCEEDED', cause: 'EARLY_STOPPED' });
  const expected = await outcomeOf(client, undisturbed);
  expect(expected).toMatchObject({ state: 'SUCCEEDED', cause: 'EARLY_STOPPED', step: 14, last: { step: 14 } });
  expect(expected.scores.map(([step]) => step)).toEqual([0, 4, 7, 8, 12, 14]);
  expect(expected.best).toEqual([expected.bestStep]);

  const killed = await begin(client, input);
  for await (const { runEvents: event } of client.subscribe(RunEventsDocument, { runId: killed })) {
    if (event.__typename === 'RunEvaluation' && event.step >= 8) break;
  }
  await server?.end('SIGKILL');
  client = await start();
  expect(await outcomeOf(client, killed)).toMatchObject({ state: 'INTERRUPTED', cause: null });
  await client.execute(ResumeRunDocument, { id: killed });
  await followRun(client, killed, { quiet: true });
  expect(await outcomeOf(client, killed)).toEqual(expected);

  // The figures are those of the checkpoint when it is evaluated by itself.
  const { run } = await client.execute(DevEvaluationsDocument, { id: killed });
  const checkpoint = run?.bestCheckpoint?.id ?? '';
  const evaluated = await client.execute(EvaluateCheckpointDocument, {
    input: { checkpoint: { id: checkpoint }, datasets: [data.ir.id, data.sts.id], split: 'DEV' },
  });
  const told = run?.devEvaluations.nodes.find(({ step }) => step === expected.bestStep);
  expect(told?.sets.map(({ main }) => main)).toEqual(
    evaluated.evaluateCheckpoint.evaluations.map(({ main: { name, value } }) => ({ name, value })),
  );
}, 400_000);
