/**
 * Searches for the best fusion, killed by SIGKILL while they try candidates: the server is started again on its data
 * folder, and the search goes on by itself to the very table of an undisturbed one.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runSettings } from '../../src/cli/quickstart/settings.ts';
import { createModel, importSample } from '../../src/cli/quickstart/steps.ts';
import { readSearch } from '../../src/cli/show-search.ts';
import {
  JobEventsDocument,
  RunDocument,
  StartFusionSearchDocument,
  type StartFusionSearchInput,
  StartRunDocument,
  type TandemClient,
} from '../../src/client/index.ts';
import { type EmptyStage, openEmptyStage } from './stage.ts';
import { finish } from './training.ts';

let stage: EmptyStage;
beforeAll(async () => {
  stage = await openEmptyStage('pglite');
}, 180_000);
afterAll(() => stage?.close());

const begin = async (client: TandemClient, input: StartFusionSearchInput) =>
  (await client.execute(StartFusionSearchDocument, { input })).startFusionSearch.search;

/** Follows its job to the end, or until so many candidates are there. */
async function follow(client: TandemClient, jobId: string, done = Number.POSITIVE_INFINITY): Promise<string> {
  let state = '';
  for await (const { jobEvents } of client.subscribe(JobEventsDocument, { jobId, after: 0 })) {
    ({ state } = jobEvents);
    if (jobEvents.stage === 'search' && jobEvents.done >= done) break;
  }
  return state;
}

async function tableOf(client: TandemClient, id: string) {
  const { candidates, front, winner, test } = await readSearch(client, id);
  const rows = candidates.nodes.map(({ seconds: _, ...row }) => row);
  return { rows, front, winner: winner?.number, test };
}

it('a search that is killed twice has the candidates of one that is not', async () => {
  const data = await importSample(stage.client(), 1);
  const model = await createModel(stage.client(), data, 1);
  const datasets = [{ dataset: data.ir.id }, { dataset: data.sts.id }];
  const settings = { ...runSettings(1), maxBatches: 20, checkpointEverySteps: 8 };
  const { startRun } = await stage
    .client()
    .execute(StartRunDocument, { input: { model: model.id, datasets, settings } });
  await finish(stage.client(), startRun.run.id);
  const { run } = await stage.client().execute(RunDocument, { id: startRun.run.id });
  const checkpoints = (run?.checkpoints.nodes ?? []).filter(({ step }) => step > 0).map(({ id }) => id);
  const input = { checkpoints, devSets: datasets, testSets: datasets, budget: 24, seed: 5 };

  const undisturbed = await begin(stage.client(), input);
  expect(await follow(stage.client(), undisturbed.job.id)).toBe('SUCCEEDED');
  const expected = await tableOf(stage.client(), undisturbed.id);
  expect(expected.rows.length).toBe(24);

  const killed = await begin(stage.client(), input);
  for (const done of [5, 14]) {
    await follow(stage.client(), killed.job.id, done);
    await stage.kill();
    await stage.start();
  }
  expect(await follow(stage.client(), killed.job.id)).toBe('SUCCEEDED');
  expect(await tableOf(stage.client(), killed.id)).toEqual(expected);
}, 600_000);
