/**
 * A server killed by SIGKILL in the first of two stages, and again in the second, which keeps the optimizer state: the
 * second waits while the first is INTERRUPTED, and both, resumed, end with the very bits of undisturbed ones.
 */
import { expect, it } from 'vitest';
import { runSettings } from '../../src/cli/quickstart/settings.ts';
import { createModel, importSample } from '../../src/cli/quickstart/steps.ts';
import { StartRunDocument, type TandemClient } from '../../src/client/index.ts';
import { servedFolders } from './served-folders.ts';
import { digestsOf, finish, resume, runOf, untilStep } from './training.ts';

const seed = 1;
const start = servedFolders();

/** First the search data, then the pairs; the ids of both runs. */
async function startStages(client: TandemClient): Promise<[string, string]> {
  const data = await importSample(client, seed);
  const { id: model } = await createModel(client, data, seed);
  const settings = { ...runSettings(seed), maxBatches: 12, checkpointEverySteps: 4 };
  const stage = { datasets: [{ dataset: data.sts.id }], settings: { ...settings, optimizerState: 'KEPT' as const } };
  const input = { model, datasets: [{ dataset: data.ir.id }], settings, stages: [stage] };
  const { runs } = (await client.execute(StartRunDocument, { input })).startRun;
  return [runs[0]?.id ?? '', runs[1]?.id ?? ''];
}

const statesOf = async (client: TandemClient, ids: readonly string[]) =>
  Promise.all(ids.map(async (id) => (await runOf(client, id)).state));

it('two stages, each of them killed, end with the same bits', async () => {
  let server = await start('undisturbed');
  let { client } = server;
  const whole = await startStages(client);
  expect((await finish(client, whole[1])).ended.state).toBe('SUCCEEDED');
  const undisturbed = await Promise.all(whole.map((id) => digestsOf(client, id)));
  expect(undisturbed[1]?.[0]).toBe(undisturbed[0]?.[12]);
  await server.end('SIGKILL');

  server = await start('killed');
  ({ client } = server);
  const ids = await startStages(client);
  const [first, second] = ids;
  await untilStep(client, first, 6);
  await server.end('SIGKILL');
  server = await start('killed');
  ({ client } = server);
  expect(await statesOf(client, ids)).toEqual(['INTERRUPTED', 'QUEUED']);
  await resume(client, first);
  await untilStep(client, second, 6);
  await server.end('SIGKILL');
  server = await start('killed');
  ({ client } = server);
  expect(await statesOf(client, ids)).toEqual(['SUCCEEDED', 'INTERRUPTED']);
  await resume(client, second);
  expect((await finish(client, second)).ended.state).toBe('SUCCEEDED');
  const found = await Promise.all(ids.map((id) => digestsOf(client, id)));
  expect(found.map((digests) => digests[12])).toEqual(undisturbed.map((digests) => digests[12]));
  expect(found[1]?.[0]).toBe(undisturbed[1]?.[0]);
});
