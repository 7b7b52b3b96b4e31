/** What the faults train: the quickstart's model on the quickstart's data, through the public API. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type FollowedRun, followRun } from '../../src/cli/follow.ts';
import { runSettings } from '../../src/cli/quickstart/settings.ts';
import { createModel, importSample } from '../../src/cli/quickstart/steps.ts';
import {
  ResumeRunDocument,
  RunDocument,
  RunEventsDocument,
  StartRunDocument,
  type TandemClient,
} from '../../src/client/index.ts';

const seed = 1;

/** Imports, makes the model and starts the run; answers the run's id. */
export async function startTraining(client: TandemClient): Promise<string> {
  const data = await importSample(client, seed);
  const model = await createModel(client, data, seed);
  const datasets = [{ dataset: data.ir.id }, { dataset: data.sts.id }];
  const input = { name: 'fault', model: model.id, datasets, settings: runSettings(seed) };
  return (await client.execute(StartRunDocument, { input })).startRun.run.id;
}

/** Resolves in the middle of an epoch: so many updates after the first epoch's checkpoint. */
export async function untilMidTraining(client: TandemClient, runId: string, updates = 5): Promise<number> {
  let left: number | undefined;
  for await (const { runEvents: event } of client.subscribe(RunEventsDocument, { runId, after: 0 })) {
    if (event.__typename === 'RunEnded') break;
    if (event.__typename === 'RunCheckpoint' && event.epoch >= 1) left ??= updates;
    if (event.__typename === 'RunStep' && left !== undefined && left-- <= 0) return event.step;
  }
  throw new Error('the run ended before the fault');
}

export const finish = (client: TandemClient, runId: string): Promise<FollowedRun> =>
  followRun(client, runId, { quiet: true });

export async function runOf(client: TandemClient, id: string) {
  const { run } = await client.execute(RunDocument, { id });
  if (!run) throw new Error(`run ${id} is gone`);
  return run;
}

export const resume = (client: TandemClient, id: string) => client.execute(ResumeRunDocument, { id });

/** Resolves when the run has succeeded; resumes it where it was interrupted. */
export async function throughRun(client: TandemClient, id: string): Promise<void> {
  for (;;) {
    const { state, error } = await runOf(client, id);
    if (state === 'SUCCEEDED') return;
    if (state === 'FAILED' || state === 'CANCELLED') throw new Error(`${id} is ${state}: ${error?.message}`);
    if (state === 'INTERRUPTED') await resume(client, id);
    else await sleep(50);
  }
}

/** Digests of the run's checkpoints by step. */
export async function digestsOf(client: TandemClient, id: string): Promise<Record<number, string>> {
  const { checkpoints } = await runOf(client, id);
  return Object.fromEntries(checkpoints.nodes.map(({ step, digest }) => [step, digest]));
}

/** Resolves once that update is told. */
export async function untilStep(client: TandemClient, runId: string, step: number): Promise<void> {
  for await (const { runEvents: event } of client.subscribe(RunEventsDocument, { runId, after: 0 })) {
    if (event.__typename === 'RunStep' && event.step >= step) return;
    if (event.__typename === 'RunEnded') throw new Error(`the run ended: ${JSON.stringify(event)}`);
  }
}
