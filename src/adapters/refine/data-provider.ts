/** Refine's data provider over the records of the API. */
import type { Operation, TandemClient } from '../../client/index.ts';
import { editOf, isUnchanged } from '../common/edits.ts';
import { translating } from '../common/failures.ts';
import { every } from '../common/filters.ts';
import { orderOf } from '../common/orders.ts';
import { type CallOptions, createRecords, type Records, type Window } from '../common/records.ts';
import { refused, resourceNamed } from '../common/resource.ts';
import type { Fields } from '../common/selection.ts';
import { DataProviderError } from './errors.ts';
import { filterOf } from './filters.ts';
import type { DataProvider, ListParams, Meta } from './types.ts';

export interface DataProviderOptions {
  /** What to select of a resource instead of all its plain fields: `{ runs: 'name state loss' }`. */
  readonly fields?: Readonly<Record<string, Fields>>;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * The data provider for Refine 5. Resources are the lists of the API: `runs`, `models`, `datasets`, ... Every method
 * throws a {@link DataProviderError}. `meta` of a call may have `fields` (a selection, as text or as Refine's lists of
 * names), `filter` (a filter of the API, besides the others), `orderBy` (orders of the API, before the others),
 * `evaluation` (the figure that the sorter `evaluation` means) and `mutation` (another one than the default for
 * `create`). `custom` sends `meta.gqlQuery` or `meta.gqlMutation`, a text or a document of GraphQL codegen.
 */
export function createDataProvider(client: TandemClient, { fields }: DataProviderOptions = {}): DataProvider {
  const records = createRecords(client, fields);
  return { ...reading(records), ...changing(records), ...besides(client) };
}

const failing = <Result>(work: () => Promise<Result>, values?: unknown): Promise<Result> =>
  translating(work, (error) => new DataProviderError(error, values));

/** Refine's records have the type that the page says. */
const as = <Result>(value: unknown): Result => value as Result;

const optionsOf = (meta: Meta | undefined): CallOptions => ({
  fields: meta?.fields as Fields | undefined,
  signal: meta?.queryContext?.signal,
});

const reading = (records: Records): Pick<DataProvider, 'getList' | 'getOne' | 'getMany'> => ({
  getList: (params) =>
    failing(async () => {
      const { rows, total = rows.length } = await records.list(
        params.resource,
        windowOf(params),
        optionsOf(params.meta),
      );
      return { data: as([...rows]), total };
    }),
  getOne: ({ resource, id, meta }) =>
    failing(async () => ({ data: as(await records.one(resource, String(id), optionsOf(meta))) })),
  getMany: ({ resource, ids, meta }) =>
    failing(async () => ({ data: as(await records.many(resource, ids.map(String), optionsOf(meta))) })),
});

/** What part of the list is asked for: a page, or all of it where Refine cuts out the page itself. */
function windowOf({ resource, pagination = {}, sorters = [], filters, meta }: ListParams): Window {
  const noun = resourceNamed(resource);
  const { currentPage = 1, pageSize = 10, mode = 'server' } = pagination;
  const orders = sorters.map(({ field, order }) =>
    orderOf(noun, field, order === 'desc' ? 'DESC' : 'ASC', meta?.evaluation),
  );
  const orderBy = [...(meta?.orderBy ?? []), ...orders.filter((each) => each !== null)];
  return {
    ...(mode === 'server'
      ? { offset: (currentPage - 1) * pageSize, first: pageSize }
      : { offset: 0, first: Number.POSITIVE_INFINITY }),
    filter: every([filterOf(noun, filters), meta?.filter].filter((each) => each !== undefined)),
    orderBy: orderBy.length > 0 ? orderBy : undefined,
  };
}

const changing = (
  records: Records,
): Pick<DataProvider, 'create' | 'update' | 'updateMany' | 'deleteOne' | 'deleteMany'> => ({
  create: ({ resource, variables, meta }) =>
    failing(async () => {
      const options = { ...optionsOf(meta), mutation: meta?.mutation };
      return { data: as(await records.create(resource, variables, options)) };
    }, variables),
  update: ({ resource, id, variables, meta }) =>
    failing(async () => {
      const edit = editOf(resourceNamed(resource), String(id), as<Values>(variables));
      const row = isUnchanged(edit)
        ? await records.one(resource, edit.id, optionsOf(meta))
        : await records.update(resource, edit, optionsOf(meta));
      return { data: as(row) };
    }, variables),
  updateMany: ({ resource, ids, variables, meta }) =>
    failing(async () => {
      const edits = ids.map((id) => editOf(resourceNamed(resource), String(id), as<Values>(variables)));
      return { data: as([...(await records.updateMany(resource, edits, optionsOf(meta)))]) };
    }, variables),
  deleteOne: ({ resource, id, meta }) =>
    failing(async () => ({ data: as(await records.delete(resource, String(id), optionsOf(meta))) })),
  deleteMany: ({ resource, ids, meta }) =>
    failing(async () => ({ data: as([...(await records.deleteMany(resource, ids.map(String), optionsOf(meta)))]) })),
});

const besides = (client: TandemClient): Pick<DataProvider, 'custom' | 'getApiUrl'> => ({
  custom: ({ payload, meta }) =>
    failing(async () => {
      const document = documentOf(meta?.gqlMutation ?? meta?.gqlQuery);
      const signal = meta?.queryContext?.signal;
      const variables = meta?.gqlVariables ?? as<Values | undefined>(payload) ?? {};
      return { data: as(await client.execute(document, variables, signal ? { signal } : {})) };
    }),
  getApiUrl: () => client.url,
});

/** A text becomes a document as codegen makes them; a document stays as it is. */
function documentOf(given: unknown): Operation<'query' | 'mutation', unknown, Values> {
  if (typeof given === 'string') return as(Object(given));
  if (typeof given === 'object' && given !== null) return as(given);
  throw refused('A call of its own needs a GraphQL document', {
    field: 'meta.gqlQuery',
    expected: 'meta.gqlQuery or meta.gqlMutation, a text or a document of GraphQL codegen',
    remedy: 'The server has no other addresses: give the operation in meta.',
  });
}
