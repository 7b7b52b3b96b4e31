/** Changes by people, through the schema: names, notes and tags, and deletions of one and of many. */
import { randomUUID } from 'node:crypto';
import { eq, inArray } from 'drizzle-orm';
import { type ExecutionResult, graphql } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globalId, type NodeType } from '../../src/db/global-id.ts';
import { checkpointParents, checkpoints, collections, datasets, jobs, runStarts } from '../../src/db/schema.ts';
import { TandemError } from '../../src/errors.ts';
import { schema } from '../../src/graphql/schema.ts';
import { localCaller } from '../../src/services/access/access.ts';
import { collectionOf, digestOf, insertModel, insertRun, newDataset } from '../db/rows.ts';
import { openWorkplace, type Workplace } from '../jobs/workplace.ts';

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
});
afterAll(() => place.close());

type Variables = Readonly<Record<string, unknown>>;

const run = (source: string, variableValues: Variables): Promise<ExecutionResult> =>
  graphql({
    ...{ schema, source, variableValues },
    contextValue: {
      tandem: { ...place, jobs: place.jobs, startedAt: new Date() },
      ...{ caller: localCaller, connection: 'http', signal: AbortSignal.timeout(60_000) },
    },
  });

async function get(source: string, variables: Variables): Promise<Record<string, never>> {
  const { data, errors } = await run(source, variables);
  expect(errors).toBeUndefined();
  return data as Record<string, never>;
}

async function refusal(source: string, variables: Variables) {
  const { errors } = await run(source, variables);
  const error = errors?.[0]?.originalError;
  if (!(error instanceof TandemError)) throw new Error(`no refusal: ${errors}`);
  return { code: error.code, message: error.message, ...error.details };
}

const shown = 'id name notes tags updatedAt';
const update = (type: string) => {
  const one = `${type.charAt(0).toLowerCase()}${type.slice(1)}`;
  return `mutation($input: Update${type}Input!) { it: update${type}(input: $input) { it: ${one} { ${shown} } } }`;
};
const updateModels = `mutation($input: UpdateModelsInput!) { updateModels(input: $input) { models { ${shown} } } }`;

const model = async (name: string) => globalId('Model', (await insertModel(place.database.db, { name })).id);
async function modelOf(id: string): Promise<Record<string, unknown>> {
  const { model: found } = await get(`query($id: ID!) { model(id: $id) { ${shown} } }`, { id });
  return found as unknown as Record<string, unknown>;
}

async function oneOfEach(): Promise<readonly (readonly [NodeType, string])[]> {
  const { db } = place.database;
  const { collection, checkpoint } = await collectionOf(db, 8);
  const [dataset] = await db.insert(datasets).values(newDataset()).returning();
  return [
    ['Dataset', dataset!.id],
    ['Model', checkpoint.modelId],
    ['Run', (await insertRun(db)).id],
    ['Checkpoint', checkpoint.id],
    ['Collection', collection.id],
  ];
}

describe('an update', () => {
  it('changes the name, notes and tags of each noun, and leaves what is absent or null', async () => {
    for (const [type, key] of await oneOfEach()) {
      const id = globalId(type, key);
      const name = `  ${type} of today `;
      const given = { id, name, notes: 'Line 1.\nLine 2: 好 🙂', tags: [' good ', 'sts', 'good'] };
      const { it: first } = await get(update(type), { input: given });
      const expected = { id, name: name.trim(), notes: given.notes, tags: ['good', 'sts'] };
      expect(first['it']).toMatchObject(expected);
      const { it: second } = await get(update(type), { input: { id, notes: null, tags: [] } });
      expect(second['it']).toMatchObject({ ...expected, tags: [] });
      const [before, after] = [first, second].map((made) =>
        Date.parse((made['it'] as Variables)['updatedAt'] as string),
      );
      expect(after).toBeGreaterThan(before!);
    }
  });

  it('takes the name of a checkpoint away, and refuses other things without one', async () => {
    for (const [type, key] of await oneOfEach()) {
      const input = { id: globalId(type, key), name: '   ' };
      if (type === 'Checkpoint') {
        expect((await get(update(type), { input }))['it']).toMatchObject({ it: { name: '' } });
      } else {
        expect(await refusal(update(type), { input })).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.name' });
      }
    }
  });

  it('is a CONFLICT with the present time, and writes nothing, where the row was changed since', async () => {
    const id = await model('raced');
    const read = await modelOf(id);
    const own = { id, notes: 'first', ifUpdatedAt: read['updatedAt'] };
    const { it: won } = await get(update('Model'), { input: own });
    const { updatedAt } = won['it'] as { updatedAt: string };
    const lost = await refusal(update('Model'), { input: { ...own, notes: 'second' } });
    expect(lost).toMatchObject({ code: 'CONFLICT', reason: 'changed-meanwhile', field: 'input.ifUpdatedAt' });
    expect(lost.message).toContain(new Date(updatedAt).toISOString());
    expect(await modelOf(id)).toMatchObject({ notes: 'first', updatedAt });
    const next = await get(update('Model'), { input: { id, tags: ['x'], ifUpdatedAt: updatedAt } });
    expect(next['it']).toMatchObject({ it: { notes: 'first', tags: ['x'] } });
  });

  it('lets one of 10 win that read the same', async () => {
    const id = await model('wanted');
    const { updatedAt: ifUpdatedAt } = await modelOf(id);
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, i) => run(update('Model'), { input: { id, notes: `${i}`, ifUpdatedAt } })),
    );
    expect(all.filter(({ errors }) => errors === undefined)).toHaveLength(1);
  });

  it('of a run that trains is not in the way of its progress, nor the other way round', async () => {
    const { id: key } = await insertRun(place.database.db);
    const id = globalId('Run', key);
    const { it: first } = await get(update('Run'), { input: { id, notes: 'Look at it.' } });
    const { updatedAt: ifUpdatedAt } = first['it'] as Variables;
    await place.database.db
      .update(jobs)
      .set({ lastSeq: 9, progress: { stage: 'train', done: 1, total: 2 } })
      .where(eq(jobs.id, key));
    await get(update('Run'), { input: { id, tags: ['slow'], ifUpdatedAt } });
    await place.database.db.update(jobs).set({ state: 'CANCELLED' }).where(eq(jobs.id, key));
    const late = { id, tags: ['late'], ifUpdatedAt };
    expect(await refusal(update('Run'), { input: late })).toMatchObject({ code: 'CONFLICT' });
  });

  it.each([
    ['notes of more than 64 KiB', { notes: '好'.repeat(21_846) }, 'LIMIT_EXCEEDED', 'input.notes'],
    ['a name of 201 characters', { name: 'x'.repeat(201) }, 'LIMIT_EXCEEDED', 'input.name'],
    ['51 tags', { tags: Array.from({ length: 51 }, (_, i) => `${i}`) }, 'LIMIT_EXCEEDED', 'input.tags'],
    ['a tag of 101 characters', { tags: ['a', 'x'.repeat(101)] }, 'LIMIT_EXCEEDED', 'input.tags.1'],
    ['an empty tag', { tags: ['a', ' '] }, 'BAD_USER_INPUT', 'input.tags.1'],
    ['a NUL in notes', { notes: 'a\0b' }, 'BAD_USER_INPUT', 'input.notes'],
    ['half a pair in a tag', { tags: ['\ud83d'] }, 'BAD_USER_INPUT', 'input.tags.0'],
    ['half a pair in a name', { name: 'x\udc00' }, 'BAD_USER_INPUT', 'input.name'],
  ])('refuses %s', async (_what, values, code, field) => {
    const id = await model('strict');
    expect(await refusal(update('Model'), { input: { id, ...values } })).toMatchObject({ code, field });
    expect(await modelOf(id)).toMatchObject({ name: 'strict', notes: '', tags: [] });
  });

  it('takes what just fits', async () => {
    const id = await model('full');
    const tags = Array.from({ length: 50 }, (_, i) => `${i}`.padEnd(100, 'x'));
    const values = { name: 'x'.repeat(200), notes: 'x'.repeat(65_536), tags };
    expect((await get(update('Model'), { input: { id, ...values } }))['it']).toMatchObject({ it: values });
  });
});

describe('a new name', () => {
  it('of a collection is one that no other has', async () => {
    const { db } = place.database;
    const [{ collection: a }, { collection: b }] = [await collectionOf(db, 8), await collectionOf(db, 8)];
    const input = { id: globalId('Collection', a.id), name: b.name };
    const taken = await refusal(update('Collection'), { input });
    expect(taken).toMatchObject({ code: 'CONFLICT', field: 'input.name' });
    expect(taken.message).toContain(`"${b.name}"`);
    expect((await get(update('Collection'), { input: { ...input, name: a.name } }))['it']).toBeDefined();
  });

  it('of a collection leaves its idempotency key the request that it stood for', async () => {
    const { checkpoint } = await collectionOf(place.database.db, 8);
    const create = `mutation($input: CreateCollectionInput!) { it: createCollection(input: $input) { it: collection { id name } } }`;
    const input = {
      ...{ name: randomUUID(), idempotencyKey: randomUUID() },
      checkpoint: { id: globalId('Checkpoint', checkpoint.id) },
    };
    const { it: made } = await get(create, { input });
    const { id } = made['it'] as { id: string };
    for (const name of ['once', 'twice']) await get(update('Collection'), { input: { id, name: `${id} ${name}` } });
    expect((await get(create, { input }))['it']).toEqual({ it: { id, name: `${id} twice` } });
    expect(await refusal(create, { input: { ...input, name: `${id} twice` } })).toMatchObject({ code: 'CONFLICT' });
  });

  it('of a data set keeps its version and its relations by name, and is not that of an equal version', async () => {
    const { db } = place.database;
    const [old, other] = [randomUUID(), randomUUID()];
    const [first] = await db
      .insert(datasets)
      .values(newDataset({ name: old, derivedFrom: ['origin', other] }))
      .returning();
    await db.insert(datasets).values(newDataset({ name: `${other} 2` }));
    const id = globalId('Dataset', first!.id);
    const taken = await refusal(update('Dataset'), { input: { id, name: `${other} 2` } });
    expect(taken).toMatchObject({ code: 'CONFLICT', message: `There is a data set "${other} 2" version 1 already` });
    await get(update('Dataset'), { input: { id, name: other } });
    const [row] = await db.select().from(datasets).where(eq(datasets.id, first!.id));
    expect(row).toMatchObject({ name: other, version: 1, derivedFrom: ['origin', old] });
  });
});

describe('updates of many', () => {
  it('change all in the given order', async () => {
    const ids = [await model('one'), await model('two'), await model('three')];
    const items = ids.toReversed().map((id, i) => ({ id, notes: `note ${i}` }));
    const { updateModels: made } = await get(updateModels, { input: { items } });
    expect(made).toMatchObject({ models: items });
    expect(await get(updateModels, { input: { items: [] } })).toEqual({ updateModels: { models: [] } });
  });

  it('change none where one is missing, of another type, named twice, changed since, or wrong', async () => {
    const [a, b] = [await model('a'), await model('b')];
    const items = (last: object) => ({ input: { items: [{ id: a, notes: 'lost' }, last] } });
    const none = globalId('Model', randomUUID());
    const stale = new Date(0).toISOString();
    const cases = [
      [{ id: none }, 'NOT_FOUND', 'input.items.1.id'],
      [{ id: globalId('Run', randomUUID()) }, 'BAD_USER_INPUT', 'input.items.1.id'],
      [{ id: a, notes: 'twice' }, 'BAD_USER_INPUT', 'input.items.1.id'],
      [{ id: b, ifUpdatedAt: stale }, 'CONFLICT', 'input.items.1.ifUpdatedAt'],
      [{ id: b, name: '' }, 'BAD_USER_INPUT', 'input.items.1.name'],
    ] as const;
    for (const [last, code, field] of cases) {
      expect(await refusal(updateModels, items(last))).toMatchObject({ code, field });
      expect(await modelOf(a)).toMatchObject({ notes: '' });
    }
  });

  it('name every row that was changed since', async () => {
    const ids = [await model('early'), await model('late')];
    const items = ids.map((id) => ({ id, ifUpdatedAt: new Date(0).toISOString() }));
    const { problems, message } = await refusal(updateModels, { input: { items } });
    expect(problems).toHaveLength(2);
    expect(message).toMatch(/"early".*"late"/);
  });
});

describe('a deletion', () => {
  const remove = 'mutation($id: ID!) { deleteModel(id: $id) { deletedId model { id name notes } } }';
  const removeMany = 'mutation($ids: [ID!]!) { deleteCheckpoints(ids: $ids) { deletedIds checkpoints { id step } } }';

  /** A model with checkpoints: its own, and fused ones. */
  async function lineage(fused: number) {
    const { db } = place.database;
    const { collection, checkpoint: own } = await collectionOf(db, 8);
    const fusion = { method: 'uniform-soup', parameters: {} } as const;
    const values = { reason: 'fused', modelId: own.modelId, digest: digestOf('fused'), bytes: 1, fusion } as const;
    const rows = await db
      .insert(checkpoints)
      .values(Array.from({ length: fused }, (_, step) => ({ ...values, step })))
      .returning();
    return { collection, own, fused: rows };
  }

  const there = async (ids: readonly string[]): Promise<number> =>
    place.database.db.$count(checkpoints, inArray(checkpoints.id, [...ids]));

  it('answers with the id and with what was deleted', async () => {
    const { own, collection, fused } = await lineage(2);
    const id = globalId('Model', own.modelId);
    const refused = await refusal(remove, { id });
    expect(refused).toMatchObject({ code: 'CONFLICT', field: 'id' });
    for (const { id: key } of fused) expect(refused.message).toContain(globalId('Checkpoint', key));
    expect(refused.message).toContain(`collection "${collection.name}"`);
    expect(refused.problems).toHaveLength(3);
    await place.database.db.delete(collections).where(eq(collections.id, collection.id));
    const ids = fused.map(({ id: key }) => globalId('Checkpoint', key));
    const gone = await get(removeMany, { ids: ids.toReversed() });
    expect(gone['deleteCheckpoints']).toEqual({
      deletedIds: ids.toReversed(),
      checkpoints: [
        { id: ids[1], step: 1 },
        { id: ids[0], step: 0 },
      ],
    });
    expect(await get(remove, { id })).toEqual({
      deleteModel: { deletedId: id, model: { id, name: 'small', notes: '' } },
    });
    expect(await refusal(remove, { id })).toMatchObject({ code: 'NOT_FOUND', field: 'id' });
  });

  it('of many deletes none where one is used, missing, of another type, bound, or named twice', async () => {
    const { db } = place.database;
    const { own, fused } = await lineage(3);
    const [a, b, user] = fused.map(({ id: key }) => key) as [string, string, string];
    await db.insert(checkpointParents).values({ checkpointId: user, position: 0, parentId: b });
    const ids = (...keys: readonly string[]) => ({ ids: keys.map((key) => globalId('Checkpoint', key)) });
    const used = await refusal(removeMany, ids(a, b));
    expect(used).toMatchObject({ code: 'CONFLICT', field: 'ids.1' });
    expect(used.problems).toEqual([{ field: 'ids.1', message: `fused checkpoint ${globalId('Checkpoint', user)}` }]);
    expect(await refusal(removeMany, ids(a, randomUUID()))).toMatchObject({ code: 'NOT_FOUND', field: 'ids.1' });
    expect(await refusal(removeMany, ids(a, own.id))).toMatchObject({ code: 'CONFLICT', field: 'ids.1' });
    expect(await refusal(removeMany, ids(a, b, a))).toMatchObject({ code: 'BAD_USER_INPUT', field: 'ids.2' });
    const other = { ids: [globalId('Checkpoint', a), globalId('Model', own.modelId)] };
    expect(await refusal(removeMany, other)).toMatchObject({ code: 'BAD_USER_INPUT', field: 'ids.1' });
    expect(await there([a, b, user])).toBe(3);
    expect(await get(removeMany, { ids: [] })).toEqual({ deleteCheckpoints: { deletedIds: [], checkpoints: [] } });
    // What goes with it is no user.
    await get(removeMany, ids(b, user));
    expect(await there([a, b, user])).toBe(1);
  });

  it('of runs takes those together that start from each other, and names every user of each', async () => {
    const { db } = place.database;
    const [first, second] = [await insertRun(db), await insertRun(db)];
    await db
      .update(jobs)
      .set({ state: 'SUCCEEDED' })
      .where(inArray(jobs.id, [first.id, second.id]));
    const made = { reason: 'epoch', modelId: first.modelId, runId: first.id, digest: digestOf('x'), bytes: 1 } as const;
    const [checkpoint] = await db.insert(checkpoints).values(made).returning();
    await db.insert(runStarts).values({ runId: second.id, checkpointId: checkpoint!.id });
    const runs = 'mutation($ids: [ID!]!) { deleteRuns(ids: $ids) { deletedIds runs { name } } }';
    const ids = [first, second].map(({ id }) => globalId('Run', id));
    const live = await insertRun(db);
    const refused = await refusal(runs, { ids: [ids[0], globalId('Run', live.id)] });
    expect(refused).toMatchObject({ code: 'CONFLICT', field: 'ids.0' });
    expect(refused.problems).toEqual([
      { field: 'ids.0', message: 'run "test"' },
      { field: 'ids.1', message: 'The run "test" is QUEUED' },
    ]);
    expect(await get(runs, { ids })).toEqual({
      deleteRuns: { deletedIds: ids, runs: [{ name: 'test' }, { name: 'test' }] },
    });
    expect(await there([checkpoint!.id])).toBe(0);
  });
});
