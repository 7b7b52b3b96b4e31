/** A list of the database as what a connection shows. Lists of equal requests below several parents load together. */
import DataLoader from 'dataloader';
import type { Tandem } from '../../tandem.ts';
import { inGroups } from '../in-groups.ts';
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
    inGroups({
      groupOf: ({ request, window }) => [request, window],
      keyOf: ({ parent }) => parent,
      load: (keys, { query, window }) => itemsOf(db, query, window, keys),
    }),
    { cache: false },
  ),
  counts: new DataLoader(
    inGroups({
      groupOf: ({ request }) => request,
      keyOf: ({ parent }) => parent,
      load: (keys, { query }) => countsOf(db, query, keys),
    }),
    { cache: false },
  ),
});

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
