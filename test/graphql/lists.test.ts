/** Lists load what their items show once, however long they are. */
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { parse } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  architectureCandidates,
  architectureSearches,
  architectureTrials,
  checkpoints,
  datasets,
  evaluations,
  fusionCandidates,
  fusionSearches,
  jobs,
  suiteEntries,
  suites,
} from '../../src/db/schema.ts';
import { encodeId } from '../../src/graphql/ids.ts';
import { defaultRunSettings } from '../../src/train/catalog.ts';
import { openTestDatabase, type TestDatabase } from '../db/database.ts';
import { digestOf, insertModel, newDataset } from '../db/rows.ts';
import { askOf } from './ask.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

/** The items of a list of 2 and of one of 5, which take equally many statements. */
async function bothLists(list: string, fields: string, expected: number): Promise<Record<string, unknown>[]> {
  const document = parse(`query($first: Int!) { ${list}(first: $first) { nodes { ${fields} } } }`);
  const short = await askOf(database, document, { first: 2 });
  const long = await askOf(database, document, { first: 5 });
  expect([short.statements, long.statements]).toEqual([expected, expected]);
  const { nodes } = long.data[list] as { nodes: Record<string, unknown>[] };
  expect(nodes).toHaveLength(5);
  return nodes;
}

/** Of candidates with these figures of IR and STS, the first a checkpoint as it is. */
async function addFusionSearch(figures: readonly (readonly [ir: number, sts: number])[]): Promise<void> {
  const { db } = database;
  const { id: modelId } = await insertModel(db);
  const id = randomUUID();
  await db.insert(jobs).values({ id, kind: 'search-fusion', input: { searchId: id } });
  const sets = { checkpointIds: [], baseId: null, devSets: [], testSets: [], weights: { ir: 0.5, sts: 0.5 } };
  const search = { strategy: 'random', methods: [], groupings: [], budget: 9, minutes: null, seed: 1 } as const;
  await db.insert(fusionSearches).values({ id, modelId, request: { ...sets, ...search } });
  const plan = { method: 'uniform-soup', parameters: {}, inputs: [0, 1] } as never;
  const rows = figures.map(([ir, sts], number) => ({
    ...(number === 0 ? { origin: 'single' as const, checkpoint: 0 } : { origin: 'random' as const, plan }),
    ...{ searchId: id, number, ir, sts, score: (ir + sts) / 2, figures: [], seconds: 1 },
  }));
  if (rows.length > 0) await db.insert(fusionCandidates).values(rows);
}

it('searches for a fusion find their winners and fronts together', async () => {
  await addFusionSearch([]);
  for (let i = 1; i < 5; i++) {
    await addFusionSearch([
      [0.5, 0.5],
      [0.25, 0.25],
      [0.5 + i / 16, 0.25],
      [0.375, 0.875],
    ]);
  }
  const numbers = 'winner { number } single { number score } front { number ir }';
  // The page, all candidates, and those that stand out.
  const found = await bothLists('fusionSearches', numbers, 3);
  const single = { number: 0, score: 0.5 };
  const front = (ir: number) => [
    { number: 2, ir },
    { number: 0, ir: 0.5 },
    { number: 3, ir: 0.375 },
  ];
  expect(found).toEqual([
    ...[4, 3, 2, 1].map((i) => ({ winner: { number: 3 }, single, front: front(0.5 + i / 16) })),
    { winner: null, single: null, front: [] },
  ]);
});

/** Suites of one split more each, of which the last has a domain of its own. */
async function addSuites(count: number): Promise<void> {
  const { db } = database;
  for (let size = 1; size <= count; size++) {
    const [suite] = await db
      .insert(suites)
      .values({ name: `suite ${size}` })
      .returning();
    for (let position = size - 1; position >= 0; position--) {
      const name = `set ${size}.${position}`;
      const [dataset] = await db
        .insert(datasets)
        .values(newDataset({ name, domain: 'law' }))
        .returning();
      const domain = position === size - 1 ? 'news' : null;
      const entry = { suiteId: suite?.id ?? '', position, datasetId: dataset?.id ?? '' };
      await db.insert(suiteEntries).values({ ...entry, split: 'test', pooled: false, domain });
    }
  }
}

it('suites load their entries together, each in its order', async () => {
  await addSuites(5);
  // The page, the entries with their data sets, and those again as nodes.
  const found = await bothLists('suites', 'name entries { domain dataset { name } }', 3);
  const entriesOf = (size: number) =>
    Array.from({ length: size }, (_, i) => ({
      domain: i === size - 1 ? 'news' : 'law',
      dataset: { name: `set ${size}.${i}` },
    }));
  expect(found).toEqual([5, 4, 3, 2, 1].map((size) => ({ name: `suite ${size}`, entries: entriesOf(size) })));
});

/** Of two candidates; candidate 1 won unless the search still runs. */
async function addArchitectureSearch(name: string, state: 'RUNNING' | 'SUCCEEDED'): Promise<void> {
  const { db } = database;
  const { id: modelId } = await insertModel(db);
  const id = randomUUID();
  await db.insert(jobs).values({ id, kind: 'search-architecture', state, input: { searchId: id } });
  const space = { innerLayers: [], lossWeights: [], poolings: [], heads: [] };
  const plan = { configurations: 2, seed: 1, eta: 2, steps: 8, keep: 'winner' as const };
  const settings = { ...defaultRunSettings, dropout: 0, attentionDropout: 0 };
  const search = { settings, datasets: [], devSets: [], space, ...plan };
  await db.insert(architectureSearches).values({ id, name, modelId, ...search });
  const heads = { ir: { layers: [] }, sts: { layers: [] } } as never;
  const configuration = { innerLayer: null, lossWeights: [], pooling: ['mean' as const], heads };
  const numbered = [1, 0].map((number) => ({ searchId: id, number, configuration, modelId }));
  await db.insert(architectureCandidates).values(numbered);
  const trial = (rung: number, candidate: number, score: number) => ({
    ...{ searchId: id, rung, candidate, score, steps: 4 + 4 * rung },
    outcome: 'SUCCEEDED' as const,
  });
  const trials = [trial(0, 1, 0.5), trial(0, 0, 0.25)];
  await db.insert(architectureTrials).values(state === 'RUNNING' ? trials : [trial(1, 1, 0.75), ...trials]);
}

it('searches over architectures load candidates and rungs together', async () => {
  for (let i = 0; i < 5; i++) await addArchitectureSearch(`search ${i}`, i === 4 ? 'RUNNING' : 'SUCCEEDED');
  const shown = 'candidates { number trials { score } } rungs { steps trials { candidate } } winner { number }';
  // The page, the candidates and the trials.
  const found = await bothLists('architectureSearches', `name ${shown}`, 3);
  const search = (i: number, last: readonly number[]) => ({
    name: `search ${i}`,
    candidates: [
      { number: 0, trials: [{ score: 0.25 }] },
      { number: 1, trials: [{ score: 0.5 }, ...last.map(() => ({ score: 0.75 }))] },
    ],
    rungs: [
      { steps: 4, trials: [{ candidate: 0 }, { candidate: 1 }] },
      { steps: 8, trials: last.map((candidate) => ({ candidate })) },
    ],
    winner: last.length > 0 ? { number: 1 } : null,
  });
  expect(found).toEqual([search(4, []), ...[3, 2, 1, 0].map((i) => search(i, [1]))]);
});

/** An evaluation on each split, of the baseline unless a checkpoint is named. */
async function evaluateSets(
  entries: readonly (typeof suiteEntries.$inferSelect)[],
  checkpointId: string | null = null,
): Promise<void> {
  const figures = { main: 'spearman', metrics: { spearman: 0.5 }, undefinedReasons: {}, count: 1, documents: 0 };
  const rows = entries.map(({ datasetId, split, pooled }) => ({
    ...{ ...figures, datasetId, split, pooled, tokens: 1, seconds: 1 },
    ...{ checkpointId, evaluator: checkpointId ? ('checkpoint' as const) : ('bag-of-words' as const) },
    task: 'sts' as const,
  }));
  await database.db.insert(evaluations).values(rows);
}

it("results in mteb's form load their data sets together", async () => {
  const entries = await database.db.select().from(suiteEntries);
  await evaluateSets(entries);
  // The page and the data sets.
  const listed = await bothLists('evaluations', 'mtebResult', 2);
  expect(new Set(listed.map(({ mtebResult }) => (mtebResult as { task_name: string }).task_name)).size).toBe(5);
  // The page, the entries; and of each suite its evaluations.
  const document = parse('query { suites(first: 1) { nodes { result { mtebResults } } } }');
  const { data, statements } = await askOf(database, document);
  expect(statements).toBe(3);
  const { nodes } = data['suites'] as { nodes: { result: { mtebResults: { task_name: string }[] } }[] };
  const names = nodes[0]?.result.mtebResults.map((result) => result.task_name);
  expect(names).toEqual([0, 1, 2, 3, 4].map((i) => `set 5.${i}`));
});

it('a leaderboard reads evaluations whole only where they are shown', async () => {
  const [suite] = await database.db.select().from(suites).where(eq(suites.name, 'suite 2'));
  const modelId = (await insertModel(database.db)).id;
  const entries = await database.db
    .select()
    .from(suiteEntries)
    .where(eq(suiteEntries.suiteId, suite?.id ?? ''));
  for (let i = 0; i < 5; i++) {
    const [made] = await database.db
      .insert(checkpoints)
      .values({ reason: 'initial', modelId, digest: digestOf(`${i}`), bytes: 1 })
      .returning();
    await evaluateSets(entries, made?.id);
  }
  const document = parse(`query($suite: ID!, $first: Int!) { leaderboard(of: { suite: $suite }, first: $first) {
    totalCount nodes { mean { value } checkpoint { digest } cells { evaluation { count } } } } }`);
  const id = encodeId('Suite', suite?.id ?? '');
  const short = await askOf(database, document, { suite: id, first: 2 });
  const long = await askOf(database, document, { suite: id, first: 6 });
  // The suite, its entries, the evaluations and their checkpoints; then the checkpoints and evaluations as nodes.
  expect([short.statements, long.statements]).toEqual([6, 6]);
  const { totalCount, nodes } = long.data['leaderboard'] as { totalCount: number; nodes: unknown[] };
  expect(totalCount).toBe(6);
  const row = { mean: { value: 0.5 }, cells: [{ evaluation: { count: 1 } }, { evaluation: { count: 1 } }] };
  const initial = (text: string) => ({ ...row, checkpoint: { digest: digestOf(text) } });
  expect(nodes).toEqual([{ ...row, checkpoint: null }, ...['0', '1', '2', '3', '4'].map(initial)]);
});
