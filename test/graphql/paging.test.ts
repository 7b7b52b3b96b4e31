/** Pages of lists while rows come and go, what cursors are refused, and the statements of nested lists. */
import { randomUUID } from 'node:crypto';
import { eq, sql } from 'drizzle-orm';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  checkpointParents,
  checkpoints,
  datasets,
  evaluations,
  jobEvents,
  jobs,
  suiteEntries,
  suites,
} from '../../src/db/schema.ts';
import { encodeId } from '../../src/graphql/ids.ts';
import { RandomStream } from '../../src/random/keyed.ts';
import { openTestDatabase, type TestDatabase } from '../db/database.ts';
import { digestOf, insertModel, insertRun, newDataset } from '../db/rows.ts';
import { askOf, refusalOf } from './ask.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

interface Page {
  readonly nodes: readonly { readonly id: string }[];
  readonly edges: readonly { readonly cursor: string }[];
  readonly totalCount: number;
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

const pageDocument = parse(`query(
  $filter: CheckpointFilter, $orderBy: [CheckpointOrder!], $first: Int, $last: Int, $after: String, $before: String,
  $offset: Int
) {
  checkpoints(
    filter: $filter, orderBy: $orderBy, first: $first, last: $last, after: $after, before: $before, offset: $offset
  ) {
    nodes { id } edges { cursor } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`);

async function pageOf(variables: Record<string, unknown>): Promise<Page> {
  const { data } = await askOf(database, pageDocument, variables);
  return data['checkpoints'];
}

const keysOf = ({ nodes }: Page): string[] => nodes.map(({ id }) => id);

/**
 * A checkpoint whose alias is null half the time, whose epoch ties with others, and whose time differs from others by
 * microseconds or not at all.
 */
async function insertOne(modelId: string, draw: () => number): Promise<string> {
  const microseconds = Math.floor(draw() * 6);
  const [row] = await database.db
    .insert(checkpoints)
    .values({
      ...{ reason: 'initial', modelId, digest: digestOf('weights'), bytes: 2 ** 40 + Math.floor(draw() * 3) },
      epoch: Math.floor(draw() * 3),
      alias: draw() < 0.5 ? null : `a-${Math.floor(draw() * 1e9)}`,
      createdAt: sql`'2026-01-02T03:04:05.678Z'::timestamptz + ${microseconds} * interval '1 microsecond'`,
    })
    .returning();
  return encodeId('Checkpoint', row!.id);
}

const orders = [
  [{ field: 'CREATED_AT', direction: 'DESC' }],
  [{ field: 'CREATED_AT', direction: 'ASC' }],
  [{ field: 'ALIAS', direction: 'ASC' }],
  [{ field: 'ALIAS', direction: 'DESC' }],
  [
    { field: 'EPOCH', direction: 'ASC' },
    { field: 'ALIAS', direction: 'DESC' },
    { field: 'BYTES', direction: 'ASC' },
  ],
  [
    { field: 'BYTES', direction: 'DESC' },
    { field: 'CREATED_AT', direction: 'ASC' },
  ],
];

describe('pages of checkpoints, while others are made and deleted', () => {
  const cases = orders.flatMap((orderBy, i) =>
    ['forwards', 'backwards'].map((way) => ({ orderBy, way, seed: 17 * i + way.length })),
  );

  it.each(cases)('give each that stays once, $way, seed $seed', async ({ orderBy, way, seed }) => {
    const stream = new RandomStream(seed);
    const draw = () => stream.float();
    const { id: modelId } = await insertModel(database.db);
    const filter = { model: encodeId('Model', modelId) };
    const stay = new Set<string>();
    const going: string[] = [];
    for (let i = 0; i < 14; i++) stay.add(await insertOne(modelId, draw));
    for (let i = 0; i < 7; i++) going.push(await insertOne(modelId, draw));
    const seen: string[] = [];
    let cursor: string | null = null;
    for (let more = true; more; ) {
      const size = 1 + Math.floor(draw() * 5);
      const window: object = way === 'forwards' ? { first: size, after: cursor } : { last: size, before: cursor };
      const page: Page = await pageOf({ filter, orderBy, ...window });
      if (way === 'forwards') seen.push(...keysOf(page));
      else seen.unshift(...keysOf(page));
      more = way === 'forwards' ? page.pageInfo.hasNextPage : page.pageInfo.hasPreviousPage;
      cursor = way === 'forwards' ? page.pageInfo.endCursor : page.pageInfo.startCursor;
      // The item of the cursor itself may go, too.
      const gone = going.splice(Math.floor(draw() * going.length), 1)[0];
      if (gone) await deleteOne(gone);
      await insertOne(modelId, draw);
    }
    expect(new Set(seen).size).toBe(seen.length);
    const whole = await pageOf({ filter, orderBy, first: 100 });
    const inOrder = keysOf(whole);
    expect(seen.filter((id) => stay.has(id))).toEqual(inOrder.filter((id) => stay.has(id)));
    expect(whole.totalCount).toBe(inOrder.length);
  });

  async function deleteOne(id: string): Promise<void> {
    const key = Buffer.from(id, 'base64url').toString().split(':')[1]!;
    await database.db.delete(checkpoints).where(eq(checkpoints.id, key));
  }
});

describe('a page', () => {
  let filter: { model: string };
  beforeAll(async () => {
    const stream = new RandomStream(5);
    const { id: modelId } = await insertModel(database.db);
    for (let i = 0; i < 12; i++) await insertOne(modelId, () => stream.float());
    filter = { model: encodeId('Model', modelId) };
  });

  it.each(orders.map((orderBy) => [orderBy]))(
    'by %j has null last and is the same by number and by cursor',
    async (orderBy) => {
      const whole = await pageOf({ filter, orderBy });
      expect(whole.nodes).toHaveLength(12);
      const [third, sixth] = [whole.edges[2]!.cursor, whole.edges[6]!.cursor];
      const between = await pageOf({ filter, orderBy, after: third, before: sixth });
      expect(keysOf(between)).toEqual(keysOf(whole).slice(3, 6));
      expect(between.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
      const numbered = await pageOf({ filter, orderBy, first: 3, offset: 3 });
      expect([keysOf(numbered), numbered.pageInfo]).toEqual([keysOf(between), between.pageInfo]);
      const end = await pageOf({ filter, orderBy, last: 2 });
      expect(keysOf(end)).toEqual(keysOf(whole).slice(-2));
      expect(end.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    },
  );

  it.each(['ASC', 'DESC'])('by a nullable field has what is null last, %s', async (direction) => {
    const orderBy = [{ field: 'ALIAS', direction }];
    const named = await pageOf({ filter: { ...filter, aliasIsNull: false }, orderBy });
    const whole = await pageOf({ filter, orderBy });
    expect(named.nodes.length).toBeGreaterThan(0);
    expect(named.nodes.length).toBeLessThan(12);
    expect(keysOf(whole).slice(0, named.nodes.length)).toEqual(keysOf(named));
  });

  it('without items has no cursors', async () => {
    const empty = { nodes: [], edges: [], totalCount: 0 };
    const pageInfo = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };
    expect(await pageOf({ filter: { ...filter, ids: [] } })).toEqual({ ...empty, pageInfo });
  });

  it('is refused for what is no cursor, and for a cursor of another list, filter or order', async () => {
    const cursor = (await pageOf({ filter, first: 1 })).pageInfo.endCursor!;
    const [digest, , key] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const forged = (...place: unknown[]) => Buffer.from(JSON.stringify([digest, ...place])).toString('base64url');
    const time = '2026-01-02T03:04:05.678000Z';
    const none = [
      ...['', 'x', '%', `${cursor}=`, cursor.slice(3), 'A'.repeat(10_000), forged(), forged(time), forged(time, 'x')],
      ...[forged('2026-02-31T00:00:00.000000Z', key), forged(null, key), forged(1, key), forged(time, key, key)],
      ...[forged({}, key), forged("'; drop table checkpoints --", key), forged('infinity', key)],
    ];
    for (const after of none) await refused({ filter, after }, 'after', 'is no cursor');
    for (const before of none) await refused({ filter, before }, 'before', 'is no cursor');
    const another = 'is a cursor of another list, order or filter';
    await refused({ after: cursor }, 'after', another);
    await refused({ filter, orderBy: [{ field: 'BYTES' }], after: cursor }, 'after', another);
    const model = encodeId('Model', (await insertModel(database.db)).id);
    await refused({ filter: { model }, after: cursor }, 'after', another);
    const ofRuns = Buffer.from(JSON.stringify(['0123456789abcdef', time, key])).toString('base64url');
    await refused({ filter, after: ofRuns }, 'after', another);
  });

  it('is refused for negative numbers, and for a number beside a cursor', async () => {
    const cursor = (await pageOf({ filter, first: 1 })).pageInfo.endCursor;
    for (const field of ['first', 'last', 'offset']) await refused({ filter, [field]: -1 }, field, `${field} is -1`);
    await refused({ filter, offset: 1, after: cursor }, 'offset', 'offset stands beside after');
    await refused({ filter, offset: 1, before: cursor }, 'offset', 'offset stands beside before');
    await refused({ filter, offset: 0, last: 1 }, 'offset', 'offset stands beside last');
  });

  async function refused(variables: Record<string, unknown>, field: string, message: string): Promise<void> {
    const error = await refusalOf(database, pageDocument, variables);
    expect(error.message).toContain(message);
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', details: { field, remedy: expect.any(String) } });
  }
});

const evaluationOf = (checkpointId: string, datasetId: string, ndcg: number | null, day: number) => ({
  ...{ evaluator: 'checkpoint' as const, checkpointId, datasetId, createdAt: new Date(2026, 1, day) },
  ...{ split: 'test' as const, task: 'ir' as const, main: 'ndcg_at_10', metrics: { ndcg_at_10: ndcg } },
  ...{ undefinedReasons: {}, count: 1, documents: 1, tokens: 1, seconds: 1 },
});

it('by a figure has the newest one of each checkpoint, and those without one last, forwards and backwards', async () => {
  const { db } = database;
  const stream = new RandomStream(7);
  const { id: modelId } = await insertModel(db);
  const made: string[] = [];
  for (let i = 0; i < 4; i++) made.push(await insertOne(modelId, () => stream.float()));
  const keys = made.map((id) => Buffer.from(id, 'base64url').toString().split(':')[1]!);
  const sets = [newDataset(), newDataset()];
  const [dataset, other] = await db.insert(datasets).values(sets).returning();
  const evaluation = (i: number, ndcg: number | null, day: number) => evaluationOf(keys[i]!, dataset!.id, ndcg, day);
  await db
    .insert(evaluations)
    .values([
      ...[evaluation(0, 0.25, 1), evaluation(1, 0.875, 1), evaluation(1, 0.125, 2), evaluation(2, null, 1)],
      evaluationOf(keys[3]!, other!.id, 1, 1),
    ]);
  const choice = { dataset: encodeId('Dataset', dataset!.id), metric: 'ndcg_at_10' };
  const orderBy = [{ field: 'EVALUATION', direction: 'DESC', evaluation: choice }];
  const filter = { model: encodeId('Model', modelId) };
  const whole = await pageOf({ filter, orderBy });
  const without = [made[2]!, made[3]!].sort((a, b) => (keys[made.indexOf(a)]! < keys[made.indexOf(b)]! ? 1 : -1));
  expect(keysOf(whole)).toEqual([made[0], made[1], ...without]);
  const second = await pageOf({ filter, orderBy, first: 2, after: whole.edges[0]!.cursor });
  expect(keysOf(second)).toEqual([made[1], without[0]]);
  const before = await pageOf({ filter, orderBy, last: 2, before: whole.edges[3]!.cursor });
  expect(keysOf(before)).toEqual([made[1], without[0]]);

  const ascending = [{ ...orderBy[0]!, direction: 'ASC' }];
  const last = await pageOf({ filter, orderBy: ascending, last: 3 });
  expect(keysOf(last)).toEqual([made[0], ...[...without].reverse()]);
  const onOther = { ...choice, dataset: encodeId('Dataset', other!.id) };
  const byTwo = [...orderBy, { ...orderBy[0]!, evaluation: onOther }];
  expect(keysOf(await pageOf({ filter, orderBy: byTwo }))).toEqual([made[0], made[1], made[3], made[2]]);
});

it('by a figure follows what is written to evaluations and deleted', async () => {
  const { db } = database;
  const { id: modelId } = await insertModel(db);
  const made = [await insertOne(modelId, () => 0.25), await insertOne(modelId, () => 0.5)];
  const [first, second] = made.map((id) => Buffer.from(id, 'base64url').toString().split(':')[1]!);
  const [dataset] = await db.insert(datasets).values(newDataset()).returning();
  const evaluation = (key: string, ndcg: number, day: number) => evaluationOf(key, dataset!.id, ndcg, day);
  const choice = { dataset: encodeId('Dataset', dataset!.id), metric: 'ndcg_at_10' };
  const orderBy = [{ field: 'EVALUATION', direction: 'DESC', evaluation: choice }];
  const listed = async () => keysOf(await pageOf({ orderBy, filter: { model: encodeId('Model', modelId) } }));
  const dimension = { ...evaluation(first!, 1, 9), dimension: 32 };
  await db.insert(evaluations).values([evaluation(first!, 0.25, 2), evaluation(second!, 0.5, 2), dimension]);
  expect(await listed()).toEqual([made[1], made[0]]);
  await db.insert(evaluations).values([evaluation(first!, 0.75, 3), evaluation(second!, 1, 1)]);
  expect(await listed()).toEqual([made[0], made[1]]);
  await db.delete(evaluations).where(eq(evaluations.createdAt, new Date(2026, 1, 3)));
  expect(await listed()).toEqual([made[1], made[0]]);
  const ofFirst = eq(evaluations.checkpointId, first!);
  const metrics = { ndcg_at_10: 0.625 };
  await db.update(evaluations).set({ metrics }).where(ofFirst);
  expect(await listed()).toEqual([made[0], made[1]]);
  await db.update(evaluations).set({ split: 'dev' }).where(ofFirst);
  expect(await listed()).toEqual([made[1], made[0]]);
});

it('nodes are found in their order, and null where they are gone', async () => {
  const { id: modelId } = await insertModel(database.db, { name: 'there' });
  const [model, gone] = [encodeId('Model', modelId), encodeId('Run', randomUUID())];
  const document = parse('query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Model { name } } }');
  const { data } = await askOf(database, document, { ids: [gone, model, gone, model] });
  const there = { id: model, name: 'there' };
  expect(data['nodes']).toEqual([null, there, null, there]);
});

describe('nested lists', () => {
  /** 50 runs with 6 checkpoints and 3 events each, of which every second job awaits a part that is INTERRUPTED. */
  beforeAll(async () => {
    const { db } = database;
    for (let i = 0; i < 50; i++) {
      const run = await insertRun(db);
      const weights = { modelId: run.modelId, digest: digestOf('w'), bytes: 1 };
      const steps = [0, 1, 2, 3, 4, 5].map((step) => ({
        ...weights,
        reason: 'interval' as const,
        runId: run.id,
        step,
        alias: step < 2 ? `a-${i}-${2 - step}` : null,
      }));
      const parents = await db.insert(checkpoints).values(steps).returning();
      const fusion = { method: 'uniform-soup' as const, parameters: {}, inputs: [0, 1] };
      const [fused] = await db
        .insert(checkpoints)
        .values({ ...weights, reason: 'fused', fusion })
        .returning();
      const inputs = [0, 1].map((position) => ({ position, parentId: parents[position + 1]!.id }));
      await db.insert(checkpointParents).values(inputs.map((input) => ({ ...input, checkpointId: fused!.id })));
      const told = [1, 2, 3].map((seq) => ({ seq, jobId: run.id, attempt: 1, type: 'step' as const }));
      await db.insert(jobEvents).values(told.map((event) => ({ ...event, data: stepEvent(event.seq, i) })));
      if (i % 2 === 1) continue;
      await db.update(jobs).set({ awaitsParts: true }).where(eq(jobs.id, run.id));
      await db.insert(jobs).values({ kind: 'train', input: {}, state: 'INTERRUPTED', partOf: run.id });
    }
  });

  const stepEvent = (step: number, loss: number) => ({
    ...{ type: 'step' as const, step, steps: 3, epoch: 1, task: 'sts' as const, dataset: 'set', loss, components: {} },
    ...{ learningRate: 1, gradientNorm: 1, tokens: 1, tokensPerSecond: 1, secondsLeft: 1 },
  });

  /** Asks for 2 items and for 50, which take equally many statements, `most` at most. */
  async function many(query: string, most: number): Promise<Record<string, { nodes: Record<string, never>[] }>> {
    const document = parse(query);
    const few = await askOf(database, document, { first: 2 });
    const all = await askOf(database, document, { first: 50 });
    expect(all.statements).toBe(few.statements);
    expect(all.statements).toBeLessThanOrEqual(most);
    return all.data;
  }

  it('of runs with their checkpoints and evaluations take as many statements for 50 runs as for 2', async () => {
    const { runs } = await many(
      `query($first: Int!) {
        runs(first: $first) { totalCount nodes { name model { name } datasets { dataset { name } }
          checkpoints(first: 5, orderBy: [{ field: STEP, direction: DESC }]) {
            totalCount pageInfo { hasNextPage } nodes { step evaluations { main } run { name }
              trainingSets { name } } }
          named: checkpoints(first: 2, offset: 1, orderBy: [{ field: ALIAS, direction: DESC }]) { nodes { alias } } } }
      }`,
      14,
    );
    expect(runs?.nodes).toHaveLength(50);
    for (const [i, { checkpoints: page, named, datasets: own }] of runs!.nodes.entries()) {
      expect(named).toEqual({ nodes: [{ alias: `a-${49 - i}-1` }, { alias: null }] });
      expect(page).toMatchObject({ totalCount: 6, pageInfo: { hasNextPage: true } });
      expect((page as { nodes: { step: number }[] }).nodes.map(({ step }) => step)).toEqual([5, 4, 3, 2, 1]);
      const trained = (own as unknown as { dataset: object }[]).map(({ dataset }) => dataset);
      const learnt = (page as unknown as { nodes: { trainingSets: object[] }[] }).nodes[0]?.trainingSets;
      expect(trained.length).toBeGreaterThan(0);
      expect(learnt).toEqual(trained);
    }
  });

  it('of runs with events, series and what their jobs wait for likewise', async () => {
    const { runs } = await many(
      `query($first: Int!) {
        runs(first: $first) { nodes { events(after: 1, first: 1) { seq } last: events(after: 2) { seq }
          seriesNames series(names: ["loss"], maxPoints: 1) { points { count max } } job { waitsFor }
          checkpoints(first: 5) { nodes { id run { events(first: 2) { seq } } } } } }
      }`,
      11,
    );
    expect(runs?.nodes).toHaveLength(50);
    for (const [i, node] of runs!.nodes.entries()) {
      expect(node).toMatchObject({ events: [{ seq: 2 }], last: [{ seq: 3 }] });
      expect(node['series']).toEqual([{ points: [{ count: 3, max: 49 - i }] }]);
      expect(node['seriesNames']).toContain('loss.sts');
      const { waitsFor } = node['job'] as { waitsFor: string };
      expect(waitsFor).toContain(i % 2 === 1 ? 'a part of it that is INTERRUPTED' : 'It waits for its turn');
      const own = (node['checkpoints'] as { nodes: { run: object }[] }).nodes;
      expect(own[4]).toMatchObject({ run: { events: [{ seq: 1 }, { seq: 2 }] } });
    }
  });

  it('of fused checkpoints with their plans, and of suites with their results, likewise', async () => {
    const { db } = database;
    const sets = await db.select({ datasetId: datasets.id }).from(datasets).limit(50);
    for (const [i, { datasetId }] of sets.entries()) {
      const [suite] = await db
        .insert(suites)
        .values({ name: `suite ${i}` })
        .returning();
      await db
        .insert(suiteEntries)
        .values({ suiteId: suite!.id, position: 0, datasetId, split: 'test', pooled: false });
      await db.insert(evaluations).values({
        ...{ evaluator: 'bag-of-words', datasetId, split: 'test', task: 'ir', main: 'ndcg_at_10' },
        ...{ metrics: { ndcg_at_10: i / 64 }, undefinedReasons: {}, count: 1, documents: 1, tokens: 1, seconds: 1 },
      });
    }
    const { checkpoints: fused, suites: listed } = await many(
      `query($first: Int!) {
        checkpoints(first: $first, filter: { reason: FUSED }) { nodes { fusion { text } trainingSets { name } } }
        suites(first: $first) { nodes { result { cells { figure { value } } } } }
      }`,
      14,
    );
    const plan = expect.stringMatching(/^uniform-soup\n├─ a-\d+-1\n└─ test, step 2$/);
    const texts = fused!.nodes.map(({ fusion }) => (fusion as { text: string }).text);
    expect(texts).toEqual(Array(50).fill(plan));
    const value = (i: number) => ({ result: { cells: [{ figure: { value: i / 64 } }] } });
    expect(listed?.nodes).toEqual(Array.from({ length: 50 }, (_, i) => value(49 - i)));
  });
});
