/** Every method of the data providers of React-admin and Refine against a server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDataProvider } from '../../src/adapters/react-admin/data-provider.ts';
import { createDataProvider as createRefineDataProvider } from '../../src/adapters/refine/data-provider.ts';
import { createClient } from '../../src/client/index.ts';
import { openPlace, type Place } from '../http/place.ts';

let place: Place;
let admin: ReturnType<typeof createDataProvider>;
let refine: ReturnType<typeof createRefineDataProvider>;
beforeAll(async () => {
  place = await openPlace();
  const client = createClient({ url: place.url });
  admin = createDataProvider(client, { fields: { apiKeys: 'name notes updatedAt' } });
  refine = createRefineDataProvider(client);
});
afterAll(() => place.close());

interface Row {
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  readonly updatedAt: string;
}
const namesOf = (rows: readonly Row[]): string[] => rows.map(({ name }) => name);

/** API keys of these names: the nouns that need nothing else. */
async function makeKeys(...names: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of names)
    rows.push((await admin.create<object, Row>('apiKeys', { data: { name, role: 'VIEWER' } })).data);
  return rows;
}

describe('the data provider of React-admin', () => {
  it('lists a page in an order, by a filter, with the total', async () => {
    await makeKeys('list-b', 'list-c', 'list-a');
    const sort = { field: 'name', order: 'ASC' } as const;
    const page = (number: number) =>
      admin.getList<Row>('apiKeys', { filter: { q: 'LIST-' }, sort, pagination: { page: number, perPage: 2 } });
    const [first, second] = [await page(1), await page(2)];
    expect([namesOf(first.data), namesOf(second.data)]).toEqual([['list-a', 'list-b'], ['list-c']]);
    expect([first.total, first.pageInfo]).toEqual([3, { hasNextPage: true, hasPreviousPage: false }]);
    expect(second.pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: true });
  });

  it('reads one, and several without those that are gone', async () => {
    const [one, gone, two] = await makeKeys('one', 'gone', 'two');
    await admin.delete('apiKeys', { id: gone!.id });
    expect((await admin.getOne<Row>('apiKeys', { id: one!.id })).data.name).toBe('one');
    const { data } = await admin.getMany<Row>('apiKeys', { ids: [two!.id, gone!.id, one!.id] });
    expect(namesOf(data)).toEqual(['two', 'one']);
    await expect(admin.getOne('apiKeys', { id: gone!.id })).rejects.toMatchObject({ status: 404 });
  });

  it('reads what refers to a record', async () => {
    const id = await place.run();
    const run = await admin.getOne<{ model: { id: string } }>('runs', { id });
    const page = { pagination: { page: 1, perPage: 10 } };
    const found = await admin.getManyReference<Row>('runs', { target: 'model', id: run.data.model.id, ...page });
    expect(found.data.map((row) => row.id)).toContain(id);
    await place.cancel(id);
  });

  it('changes one where nobody else has, and several at once', async () => {
    const [before, other] = await makeKeys('before', 'other');
    const change = { id: before!.id, data: { ...before, notes: 'changed' }, previousData: { ...before } };
    expect((await admin.update<Row>('apiKeys', change)).data.notes).toBe('changed');
    const late = { ...change, data: { ...before, notes: 'too late' } };
    await expect(admin.update('apiKeys', late)).rejects.toMatchObject({ status: 409 });
    const ids = [before!.id, other!.id];
    expect(await admin.updateMany('apiKeys', { ids, data: { notes: 'all' } })).toEqual({ data: ids });
    expect((await admin.getMany<Row>('apiKeys', { ids })).data.map(({ notes }) => notes)).toEqual(['all', 'all']);
  });

  it('deletes one, and several at once or none', async () => {
    const [one, two, three] = await makeKeys('delete-1', 'delete-2', 'delete-3');
    expect((await admin.delete<Row>('apiKeys', { id: one!.id })).data.id).toBe(one!.id);
    const some = { ids: [two!.id, one!.id] };
    await expect(admin.deleteMany('apiKeys', some)).rejects.toMatchObject({ status: 404 });
    const ids = [two!.id, three!.id];
    expect(await admin.deleteMany('apiKeys', { ids })).toEqual({ data: ids });
    expect((await admin.getMany('apiKeys', { ids })).data).toEqual([]);
  });

  it('gives a request up when its signal aborts', async () => {
    expect(admin.supportAbortSignal).toBe(true);
    const stop = new AbortController();
    const list = admin.getList('apiKeys', { signal: stop.signal });
    stop.abort();
    await expect(list).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('the data provider of Refine', () => {
  const filters = (value: string) => [{ field: 'name', operator: 'contains', value }] as const;

  it('lists a page, or all of a list whose pages Refine cuts out itself', async () => {
    await makeKeys('refine-b', 'refine-c', 'refine-a');
    const list = {
      resource: 'apiKeys',
      filters: filters('refine-'),
      sorters: [{ field: 'name', order: 'desc' }],
    } as const;
    const page = await refine.getList<Row>({ ...list, pagination: { currentPage: 2, pageSize: 2 } });
    expect([namesOf(page.data), page.total]).toEqual([['refine-a'], 3]);
    const all = await refine.getList<Row>({ ...list, pagination: { mode: 'off' } });
    expect(namesOf(all.data)).toEqual(['refine-c', 'refine-b', 'refine-a']);
  });

  it('makes, reads, changes and deletes', async () => {
    const resource = 'apiKeys';
    const make = async (name: string) =>
      (await refine.create<Row & { key: string }, object>({ resource, variables: { name, role: 'VIEWER' } })).data;
    const [a, b] = [await make('made-a'), await make('made-b')];
    expect(a.key).toMatch(/^tdm_/);
    const ids = [a.id, b.id];
    expect((await refine.getOne<Row>({ resource, id: a.id })).data.name).toBe('made-a');
    expect(namesOf((await refine.getMany<Row>({ resource, ids })).data)).toEqual(['made-a', 'made-b']);
    const changed = { resource, id: a.id, variables: { notes: 'new', updatedAt: a.updatedAt } };
    expect((await refine.update<Row, object>(changed)).data.notes).toBe('new');
    await expect(refine.update(changed)).rejects.toMatchObject({ statusCode: 409 });
    const all = await refine.updateMany<Row, object>({ resource, ids, variables: { notes: 'all' } });
    expect(all.data.map(({ notes }) => notes)).toEqual(['all', 'all']);
    await refine.deleteOne({ resource, id: a.id });
    await refine.deleteMany({ resource, ids: [b.id] });
    expect((await refine.getMany({ resource, ids })).data).toEqual([]);
  });

  it('sends an operation of its own', async () => {
    const gqlQuery = 'query Custom($first: Int) { apiKeys(first: $first) { totalCount } }';
    const call = { url: refine.getApiUrl(), method: 'post', meta: { gqlQuery, gqlVariables: { first: 1 } } };
    const { data } = await refine.custom<{ apiKeys: { totalCount: number } }, unknown, unknown>(call);
    expect(data.apiKeys.totalCount).toBeGreaterThan(0);
  });
});
