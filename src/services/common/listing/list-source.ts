/** A list of the database as what a connection shows. Lists of equal requests below several parents load together. */
import DataLoader from 'dataloader';
import type { Tandem } from '../../tandem.ts';
import { groupBy } from '../group-by.ts';
import { digestOf, readCursor, writeCursor } from './cursor.ts';
import { filterSql } from './filter.ts';
import { termsOf } from './order.ts';
import { countsOf, itemsOf, type Query } from './rows.ts';
import type { Filter, Item, List, Order, Source, Window } from './types.ts';

export interface ListRequest {
  /** With keys in place of global ids. */
  readonly filter?: Filter | null | undefined;
  readonly orderBy?: readonly Order[] | null | undefined;
}

/** The part of a list that belongs to a row of another noun. */
export interface Part {
  /** An edge of the list. */
  readonly edge: string;
  readonly key: string;
}

interface Asked {
  readonly query: Query;
  /** Equal for equal requests of other parents. */
  readonly request: string;
  readonly parent: string | null;
}

export interface ListLoaders {
  readonly items: DataLoader<Asked & { readonly window: Window }, Item<object>[]>;
  readonly counts: DataLoader<Asked, number>;
}

/** Loaders of one request, which cache nothing: a subscription's request lives for hours. */
export const listLoaders = ({ database: { db } }: Tandem): ListLoaders => ({
  items: new DataLoader(
    inGroups(
      ({ request, window }) => JSON.stringify([request, window]),
      (keys, { query, window }) => itemsOf(db, query, window, keys),
    ),
    { cache: false },
  ),
  counts: new DataLoader(
    inGroups(
      ({ request }) => request,
      (keys, { query }) => countsOf(db, query, keys),
    ),
    { cache: false },
  ),
});

/** Loads each group with one statement; the values come back in the order of what was asked. */
function inGroups<Key extends Asked, Value>(
  groupOf: (asked: Key) => string,
  load: (parents: readonly (string | null)[], of: Key) => Promise<readonly Value[]>,
) {
  return async (asked: readonly Key[]): Promise<(Value | Error)[]> => {
    const answers = new Map<Key, Value | Error>();
    for (const group of groupBy(asked, groupOf).values()) {
      const keys = [...new Set(group.map(({ parent }) => parent))];
      const values = await load(keys, group[0]!).catch((error: Error) => error);
      for (const one of group) {
        answers.set(one, values instanceof Error ? values : values[keys.indexOf(one.parent)]!);
      }
    }
    return asked.map((one) => answers.get(one)!);
  };
}

/** Throws BAD_USER_INPUT for an order or a filter that cannot be. `part`: null = the whole list. */
export function listSource<Row extends object>(
  list: List,
  { filter, orderBy }: ListRequest,
  part: Part | null,
  loaders: ListLoaders,
): Source<Row> {
  const terms = termsOf(list, orderBy);
  const query = { list, terms, condition: filterSql(list, filter), edge: part?.edge ?? null };
  const request = digestOf(list.name, query.edge, orderBy ?? null, filter ?? null);
  const digest = digestOf(request, part?.key ?? null);
  const asked = { query, request, parent: part?.key ?? null };
  return {
    items: (window) => loaders.items.load({ ...asked, window }) as Promise<Item<Row>[]>,
    count: () => loaders.counts.load(asked),
    cursor: (place) => writeCursor(digest, place),
    place: (cursor, field) => readCursor(cursor, digest, terms, field),
  };
}
