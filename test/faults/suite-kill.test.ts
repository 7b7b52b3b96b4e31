/**
 * A server killed by SIGKILL between the splits of a suite: the same call again keeps the evaluations that were made,
 * makes those that are lacking, and has the table of an undisturbed server.
 */
import { expect, it } from 'vitest';
import { createModel, importSample } from '../../src/cli/quickstart/steps.ts';
import {
  CreateSuiteDocument,
  EvaluateSuiteDocument,
  LeaderboardDocument,
  type SuiteFiguresFragment,
  type TandemClient,
} from '../../src/client/index.ts';
import { totalsOf } from './requests.ts';
import { servedFolders } from './served-folders.ts';
import { until } from './strike.ts';

const seed = 1;
const start = servedFolders();

/** A suite of six splits on the sample data, and a model. */
async function prepare(client: TandemClient) {
  const data = await importSample(client, seed);
  const { id: model } = await createModel(client, data, seed);
  const [ir, sts] = [{ dataset: data.ir.id }, { dataset: data.sts.id }];
  const train = { split: 'TRAIN' as const };
  const pooled = { pooled: true };
  const entries = [
    ir,
    sts,
    { ...ir, ...pooled },
    { ...sts, ...train },
    { ...ir, ...train },
    { ...ir, ...train, ...pooled },
  ];
  const { suite } = (await client.execute(CreateSuiteDocument, { input: { name: 'all', entries } })).createSuite;
  return { suite: suite.id, model };
}

type Prepared = Awaited<ReturnType<typeof prepare>>;

async function evaluate(client: TandemClient, { suite, model }: Prepared): Promise<SuiteFiguresFragment> {
  const input = { suite, checkpoint: { id: model }, idempotencyKey: 'killed half-way' };
  return (await client.execute(EvaluateSuiteDocument, { input })).evaluateSuite.result;
}

/** Ids of the evaluations that there are, by their place in the suite. */
async function evaluationsOf(client: TandemClient, suite: string): Promise<(string | undefined)[]> {
  const { leaderboard } = await client.execute(LeaderboardDocument, { of: { suite } });
  return leaderboard.nodes[0]?.cells.map(({ evaluation }) => evaluation?.id) ?? [];
}

/** Without what differs between servers. */
const figuresOf = ({ cells, tasks, mean, domains }: SuiteFiguresFragment) => ({
  cells: cells.map(({ evaluation: _, ...cell }) => cell),
  ...{ tasks, mean, domains },
});

it('a suite that is killed half-way goes on to the same table', async () => {
  let server = await start('undisturbed');
  const whole = figuresOf(await evaluate(server.client, await prepare(server.client)));
  expect(whole.mean.value).toEqual(expect.any(Number));
  await server.end('SIGKILL');

  server = await start('killed');
  const prepared = await prepare(server.client);
  const broken = evaluate(server.client, prepared).catch(() => undefined);
  const { client } = server;
  await until('a first evaluation', async () => {
    const found = await evaluationsOf(client, prepared.suite);
    return found.length > 0 ? found : undefined;
  });
  await server.end('SIGKILL');
  await broken;
  server = await start('killed');
  const before = await evaluationsOf(server.client, prepared.suite);
  const after = await evaluate(server.client, prepared);
  expect(figuresOf(after)).toEqual(whole);
  const made = before.filter((id) => id !== undefined);
  expect(made.length).toBeGreaterThan(0);
  expect(after.cells.flatMap(({ evaluation }, i) => (before[i] ? [evaluation?.id] : []))).toEqual(made);
  expect((await totalsOf(server.client))['evaluations']).toBe(6);
});
