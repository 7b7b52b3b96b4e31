/**
 * A server killed by SIGKILL again and again while it searches over architectures: resumed each time, the search comes
 * to the very table of an undisturbed one, and to the same bits of the winner.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runSettings } from '../../src/cli/quickstart/settings.ts';
import { createModel, importSample } from '../../src/cli/quickstart/steps.ts';
import {
  ArchitectureSearchDocument,
  ResumeArchitectureSearchDocument,
  StartArchitectureSearchDocument,
  type TandemClient,
} from '../../src/client/index.ts';
import { nodeOf } from './rows.ts';
import { servedFolders } from './served-folders.ts';

const seed = 1;
const start = servedFolders();

async function startSearch(client: TandemClient): Promise<string> {
  const data = await importSample(client, seed);
  const { id: model } = await createModel(client, data, seed);
  const sets = [{ dataset: data.ir.id }, { dataset: data.sts.id }];
  const settings = { ...runSettings(seed), maxBatches: 18, checkpointEverySteps: 3 };
  const space = {
    poolings: [],
    heads: [
      { ir: 'NONE' as const, sts: 'DENSE' as const },
      { ir: 'DENSE' as const, sts: 'DENSE' as const },
    ],
  };
  const input = { model, datasets: sets, devSets: sets, settings, space, configurations: 3, idempotencyKey: 'search' };
  return (await client.execute(StartArchitectureSearchDocument, { input })).startArchitectureSearch.id;
}

async function searchOf(client: TandemClient, id: string) {
  const { architectureSearch } = await client.execute(ArchitectureSearchDocument, { id });
  if (!architectureSearch) throw new Error(`search ${id} is gone`);
  return architectureSearch;
}

/** Resolves once the search is in one of the states. */
async function untilState(client: TandemClient, id: string, ...states: readonly string[]) {
  for (;;) {
    const search = await searchOf(client, id);
    if (states.includes(search.state)) return search;
    if (search.state === 'FAILED') throw new Error(search.error?.message);
    await sleep(100);
  }
}

/** All figures, and the digest of the winner's checkpoint. */
async function foundBy(client: TandemClient, id: string) {
  const { candidates, winner, checkpoint } = await untilState(client, id, 'SUCCEEDED');
  const made = await nodeOf(client, checkpoint?.id ?? '', '... on Checkpoint { digest }');
  const scores = candidates.map(({ trials, number }) => [
    number,
    trials.map(({ rung, score, outcome }) => [rung, score, outcome]),
  ]);
  return { scores, winner, digest: made?.['digest'] };
}

it('a search that is killed five times comes to the same table', async () => {
  let server = await start('undisturbed');
  const whole = await foundBy(server.client, await startSearch(server.client));
  expect(whole.digest).toMatch(/^[0-9a-f]{64}$/);
  await server.end('SIGKILL');

  server = await start('killed');
  const id = await startSearch(server.client);
  let interrupted = 0;
  for (const seconds of [0.3, 2, 3, 4, 5]) {
    await sleep(seconds * 1000);
    await server.end('SIGKILL');
    server = await start('killed');
    const { state } = await untilState(server.client, id, 'INTERRUPTED', 'RUNNING', 'SUCCEEDED');
    if (state !== 'INTERRUPTED') continue;
    interrupted++;
    await server.client.execute(ResumeArchitectureSearchDocument, { id });
  }
  expect(interrupted).toBeGreaterThan(0);
  for (;;) {
    const { state } = await untilState(server.client, id, 'INTERRUPTED', 'SUCCEEDED');
    if (state === 'SUCCEEDED') break;
    await server.client.execute(ResumeArchitectureSearchDocument, { id });
  }
  expect(await foundBy(server.client, id)).toEqual(whole);
});
