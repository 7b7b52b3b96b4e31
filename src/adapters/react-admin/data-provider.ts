/** React-admin's data provider: its nine methods over the records of the API. */
import type { TandemClient } from '../../client/index.ts';
import { editOf, isUnchanged } from '../common/edits.ts';
import { translating } from '../common/failures.ts';
import { condition, every, type Filter } from '../common/filters.ts';
import { type Order, orderOf } from '../common/orders.ts';
import { type CallOptions, createRecords, type Page, type Records } from '../common/records.ts';
import { resourceNamed } from '../common/resource.ts';
import type { Fields } from '../common/selection.ts';
import { DataProviderError } from './errors.ts';
import { filterOf } from './filters.ts';
import type { DataProvider, ListParams, ListResult, Meta } from './types.ts';

export interface DataProviderOptions {
  /** What to select of a resource instead of all its plain fields: `{ runs: 'name state loss' }`. */
  readonly fields?: Readonly<Record<string, Fields>>;
}

/**
 * The data provider for React-admin 5. Resources are the lists of the API: `runs`, `models`, `datasets`, ... Every
 * method throws a {@link DataProviderError}. `meta` of a call may have `fields` (a selection), `filter` (a filter of
 * the API, besides the other), `orderBy` (orders of the API, before the other), `count: false` (no total, so that large
 * lists answer sooner), `evaluation` (the figure that the sort field `evaluation` means) and `mutation` (another one
 * than the default for `create`).
 */
export function createDataProvider(client: TandemClient, { fields }: DataProviderOptions = {}): DataProvider {
  const records = createRecords(client, fields);
  const failing = <Result>(work: () => Promise<Result>, values?: unknown): Promise<Result> =>
    translating(work, (error) => new DataProviderError(error, values));
  return {
    supportAbortSignal: true,
    getList: (resource, params) => failing(() => list(records, resource, params)),
    getManyReference: (resource, { target, id, ...params }) =>
      failing(() => list(records, resource, params, condition(resourceNamed(resource), target, 'eq', id))),
    getOne: (resource, { id, ...call }) =>
      failing(async () => ({ data: as(await records.one(resource, String(id), optionsOf(call))) })),
    getMany: (resource, { ids, ...call }) =>
      failing(async () => ({ data: as(await records.many(resource, ids.map(String), optionsOf(call))) })),
    create: (resource, { data, meta }) =>
      failing(async () => {
        const options = { ...optionsOf({ meta }), mutation: meta?.mutation };
        return { data: as(await records.create(resource, data, options)) };
      }, data),
    update: (resource, { id, data, previousData, meta }) =>
      failing(async () => {
        const edit = editOf(resourceNamed(resource), String(id), data, previousData);
        const row = isUnchanged(edit)
          ? await records.one(resource, edit.id, optionsOf({ meta }))
          : await records.update(resource, edit, optionsOf({ meta }));
        return { data: as(row) };
      }, data),
    updateMany: (resource, { ids, data }) =>
      failing(async () => {
        const edits = ids.map((id) => editOf(resourceNamed(resource), String(id), data));
        await records.updateMany(resource, edits, { fields: '' });
        return { data: [...ids] };
      }, data),
    delete: (resource, { id, meta }) =>
      failing(async () => ({ data: as(await records.delete(resource, String(id), optionsOf({ meta }))) })),
    deleteMany: (resource, { ids }) =>
      failing(async () => {
        await records.deleteMany(resource, ids.map(String), { fields: '' });
        return { data: [...ids] };
      }),
  };
}

/** React-admin's records have the type that the page says. */
const as = <Result>(value: unknown): Result => value as Result;

const optionsOf = ({
  meta,
  signal,
}: {
  readonly meta?: Meta | undefined;
  readonly signal?: AbortSignal;
}): CallOptions => ({
  signal,
  fields: meta?.fields,
});

async function list<Row>(
  records: Records,
  resource: string,
  { pagination = { page: 1, perPage: 25 }, sort, filter, meta, signal }: ListParams,
  also?: Filter,
): Promise<ListResult<Row>> {
  const noun = resourceNamed(resource);
  const filters = [filterOf(noun, filter), meta?.filter, also].filter((each) => each !== undefined);
  const order = sort ? orderOf(noun, sort.field, sort.order, meta?.evaluation) : null;
  const window = {
    first: pagination.perPage,
    offset: (pagination.page - 1) * pagination.perPage,
    filter: every(filters),
    orderBy: ordersOf(meta, order),
    count: meta?.count,
  };
  return resultOf(await records.list(resource, window, optionsOf({ meta, ...(signal ? { signal } : {}) })));
}

function ordersOf(meta: Meta | undefined, order: Order | null): readonly Order[] | undefined {
  const orders = [...(meta?.orderBy ?? []), ...(order ? [order] : [])];
  return orders.length > 0 ? orders : undefined;
}

const resultOf = <Row>({ rows, total, hasNextPage, hasPreviousPage }: Page): ListResult<Row> => ({
  data: as([...rows]),
  ...(total === undefined ? {} : { total }),
  pageInfo: { hasNextPage, hasPreviousPage },
});
