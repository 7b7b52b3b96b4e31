/**
 * Reading and changing any noun by its name: what a data provider of an admin frontend does, without a frontend's
 * words. Every call throws {@link ApiError}; so does one that the noun does not have, before anything is sent.
 */
import { ApiError, type TandemClient } from '../../client/index.ts';
import {
  type Answering,
  type Connection,
  changeDocument,
  listDocument,
  manyDocument,
  mutationOf,
  oneDocument,
} from './documents.ts';
import type { Filter } from './filters.ts';
import type { Order } from './orders.ts';
import { refused, resourceNamed } from './resource.ts';
import { type Fields, selectionOf } from './selection.ts';
import type { Resource, ResourceMutation } from './types.ts';

/** A node as it is selected. */
interface Row {
  readonly __typename: string;
  readonly id: string;
  readonly [field: string]: unknown;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** What to select instead of the noun's own fields. */
  readonly fields?: Fields | undefined;
}

export interface Window {
  /** How many rows to leave out, and how many to return at most; Infinity for all. */
  readonly offset: number;
  readonly first: number;
  readonly filter?: Filter | undefined;
  readonly orderBy?: readonly Order[] | undefined;
  /** Whether the rows of the whole list are counted. Default true. */
  readonly count?: boolean | undefined;
}

export interface Page {
  readonly rows: readonly Row[];
  /** The length of the whole list; undefined where it was not counted. */
  readonly total: number | undefined;
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

export interface Records {
  list(name: string, window: Window, options?: CallOptions): Promise<Page>;
  /** Throws NOT_FOUND where it is gone. */
  one(name: string, id: string, options?: CallOptions): Promise<Row>;
  /** Those that are still there, in the order of the ids. */
  many(name: string, ids: readonly string[], options?: CallOptions): Promise<readonly Row[]>;
  /** Makes one by the noun's default mutation, or by the one of this name; with what only its payload tells. */
  create(name: string, input: unknown, options?: CallOptions & { mutation?: string | undefined }): Promise<Row>;
  update(name: string, input: Changes, options?: CallOptions): Promise<Row>;
  /** All or none. */
  updateMany(name: string, inputs: readonly Changes[], options?: CallOptions): Promise<readonly Row[]>;
  /** Resolves with the node as it was, or with its id alone where the mutation answers without. */
  delete(name: string, id: string, options?: CallOptions): Promise<Row>;
  /** All or none. */
  deleteMany(name: string, ids: readonly string[], options?: CallOptions): Promise<readonly Row[]>;
}

/** An input of an update. */
export interface Changes {
  readonly id: string;
  /** The update is a CONFLICT where the row has another `updatedAt` by now. */
  readonly ifUpdatedAt?: unknown;
  readonly [field: string]: unknown;
}

/** `fields` are selections by noun, for every call that names none itself. */
export function createRecords(client: TandemClient, fields: Readonly<Record<string, Fields>> = {}): Records {
  const call: Call = async (document, variables, options) => {
    const signal = options?.signal;
    return (await client.execute(document, variables, signal ? { signal } : {})).answer;
  };
  const selected = (resource: Resource, options?: CallOptions): string =>
    selectionOf(resource, options?.fields ?? fields[resource.list]);
  return { ...reading(call, selected), ...changing(call, selected) };
}

/** The rows of one request: the server limits what an operation may cost, and a row may hold lists. */
const pieceSize = 100;

type Call = <Answer>(
  document: Answering<Answer>,
  variables: Readonly<Record<string, unknown>>,
  options: CallOptions | undefined,
) => Promise<Answer>;

type Selected = (resource: Resource, options?: CallOptions) => string;

const reading = (call: Call, selected: Selected): Pick<Records, 'list' | 'one' | 'many'> => ({
  async list(name, { count = true, offset, first, filter, orderBy }, options) {
    const resource = resourceNamed(name);
    const document = listDocument<Row>(resource, selected(resource, options));
    const rows: Row[] = [];
    let total: number | undefined;
    let hasNextPage = true;
    for (let after: string | null = null; hasNextPage && (after === null || rows.length < first); ) {
      const start: object = after === null ? { offset, total: count } : { after, total: false };
      const piece = { first: Math.min(first - rows.length, pieceSize), filter, orderBy, ...start };
      const page: Connection<Row> = await call(document, piece, options);
      rows.push(...page.nodes);
      total ??= page.totalCount;
      hasNextPage = page.pageInfo.hasNextPage;
      after = page.pageInfo.endCursor;
    }
    return { rows, total, hasNextPage, hasPreviousPage: offset > 0 };
  },
  async one(name, id, options) {
    const resource = resourceNamed(name);
    const row = await call(oneDocument<Row>(resource, selected(resource, options)), { id }, options);
    // A node of another type answers without fields.
    if (row?.id !== undefined) return row;
    throw missing(resource, id);
  },
  async many(name, ids, options) {
    const resource = resourceNamed(name);
    const rows = await call(manyDocument<Row>(resource, selected(resource, options)), { ids }, options);
    return rows.filter((row): row is Row => row?.id !== undefined);
  },
});

function changing(call: Call, selected: Selected): Omit<Records, 'list' | 'one' | 'many'> {
  async function change(
    resource: Resource,
    mutation: ResourceMutation,
    argument: 'input' | 'id' | 'ids',
    value: unknown,
    options: CallOptions | undefined,
  ): Promise<readonly Row[]> {
    const document = changeDocument(mutation, argument, selected(resource, options));
    const payload = await call(document, { [argument]: value }, options);
    const found = mutation.place ? payload[mutation.place] : payload;
    const rows = (Array.isArray(found) ? found : [found]) as readonly Row[];
    if (mutation.besides === undefined) return rows;
    const besides = Object.fromEntries(mutation.besides.map((field) => [field, payload[field]]));
    return rows.map((row) => ({ ...besides, ...row }));
  }
  return {
    async create(name, input, options = {}) {
      const resource = resourceNamed(name);
      const [row] = await change(resource, createOf(resource, options.mutation), 'input', input, options);
      return row as Row;
    },
    async update(name, input, options) {
      const resource = resourceNamed(name);
      const [row] = await change(resource, mutationOf(resource, 'changed', resource.update), 'input', input, options);
      return row as Row;
    },
    async updateMany(name, items, options) {
      const resource = resourceNamed(name);
      const mutation = mutationOf(resource, 'changed together', resource.updateMany);
      return change(resource, mutation, 'input', { items }, options);
    },
    async delete(name, id, options) {
      const resource = resourceNamed(name);
      const [row] = await change(resource, mutationOf(resource, 'deleted', resource.delete), 'id', id, options);
      return { ...row, __typename: resource.type, id };
    },
    async deleteMany(name, ids, options) {
      const resource = resourceNamed(name);
      return change(resource, mutationOf(resource, 'deleted together', resource.deleteMany), 'ids', ids, options);
    },
  };
}

/** The mutation that makes one: the default, or that of this name. */
function createOf(resource: Resource, name: string | undefined): ResourceMutation {
  const { list, creates } = resource;
  if (name === undefined) return mutationOf(resource, 'created', creates[0]);
  const found = creates.find((each) => each.name === name);
  if (found) return found;
  throw refused(`${list} are not made by "${name}"`, {
    field: 'meta.mutation',
    expected: `one of ${creates.map((each) => each.name).join(', ')}`,
    remedy: 'Name a mutation that makes one.',
  });
}

const missing = ({ type }: Resource, id: string): ApiError =>
  new ApiError([
    {
      message: `There is no ${type} with the id "${id}"`,
      extensions: {
        code: 'NOT_FOUND',
        field: 'id',
        expected: `the id of a ${type} that is there`,
        remedy: 'It may have been deleted: read the list again.',
      },
    },
  ]);
