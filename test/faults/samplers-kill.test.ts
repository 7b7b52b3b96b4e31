/** A server killed by SIGKILL between two checkpoints of a run that does not sample as runs do by default. */
import { expect, it } from 'vitest';
import { runSettings } from '../../src/cli/quickstart/settings.ts';
import { createModel, importSample } from '../../src/cli/quickstart/steps.ts';
import { type RunSettingsInput, StartRunDocument, type TandemClient } from '../../src/client/index.ts';
import { servedFolders } from './served-folders.ts';
import { digestsOf, finish, resume, runOf, untilStep } from './training.ts';

const seed = 1;
const start = servedFolders();

/** A run on search data and pairs; its id. */
async function startRun(client: TandemClient, sampling: RunSettingsInput): Promise<string> {
  const data = await importSample(client, seed);
  const { id: model } = await createModel(client, data, seed);
  const settings = { ...runSettings(seed), maxBatches: 12, checkpointEverySteps: 4, ...sampling };
  const datasets = [{ dataset: data.ir.id }, { dataset: data.sts.id, weight: 0.5 }];
  const { runs } = (await client.execute(StartRunDocument, { input: { model, datasets, settings } })).startRun;
  return runs[0]?.id ?? '';
}

it.each<[string, RunSettingsInput]>([
  ['mixed', { sampler: 'MIXED', sizeExponent: 0.5, dropout: 0.1, attentionDropout: 0.1 }],
  ['single', { sampler: 'SINGLE', equalBatchesPerTask: true, distinctTexts: true }],
])('a run of the sampler %s, killed, ends with the same bits', async (name, sampling) => {
  let server = await start(`${name}-undisturbed`);
  let { client } = server;
  const whole = await startRun(client, sampling);
  expect((await finish(client, whole)).ended.state).toBe('SUCCEEDED');
  const undisturbed = await digestsOf(client, whole);
  await server.end('SIGKILL');

  server = await start(`${name}-killed`);
  ({ client } = server);
  const run = await startRun(client, sampling);
  await untilStep(client, run, 6);
  await server.end('SIGKILL');
  server = await start(`${name}-killed`);
  ({ client } = server);
  expect((await runOf(client, run)).state).toBe('INTERRUPTED');
  await resume(client, run);
  expect((await finish(client, run)).ended.state).toBe('SUCCEEDED');
  const found = await digestsOf(client, run);
  expect([found[0], found[12]]).toEqual([undisturbed[0], undisturbed[12]]);
});
