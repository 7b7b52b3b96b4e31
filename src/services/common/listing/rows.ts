/** The statements of a list: a page, for one parent or for several at once, and a count. */
import { and, count, getTableColumns, getViewSelectedFields, is, type SQL, sql, Table } from 'drizzle-orm';
import { type PgTable, type PgView, unionAll } from 'drizzle-orm/pg-core';
import type { Executor } from '../../../db/open.ts';
import { invariant } from '../../../errors.ts';
import { groupBy } from '../group-by.ts';
import { orderSql, placeSql, type Stretch, stretchesOf, type Term } from './order.ts';
import type { Expression, Item, List, Place, Window } from './types.ts';
import { parametersOf } from './values.ts';

/** What is asked of a list, whatever the window; equal for all parents of a nested list. */
export interface Query {
  readonly list: List;
  readonly condition: SQL | undefined;
  readonly terms: readonly Term[];
  /** By which edge of the list parents have parts of it; null = the whole list. */
  readonly edge: string | null;
}

type Row = Record<string, unknown>;

/** Of the place beside the columns of a row; no table has a column of this name. */
const placeName = 'place_in_list';

/** The columns of a table or view by the names that the rows have. */
function fieldsOf(table: PgTable | PgView): Record<string, never> {
  if (is(table, Table)) return getTableColumns(table) as Record<string, never>;
  const names = Object.keys(getViewSelectedFields(table));
  return Object.fromEntries(names.map((name) => [name, table[name as never]]));
}

/** `parent`: what the edge leads to. */
function isPartOf({ list, edge }: Query, parent: SQL | null): SQL | undefined {
  if (edge === null || parent === null) return undefined;
  const way = list.edges[edge];
  invariant(way, `no edge ${edge} in the list ${list.name}`);
  return way.where((column) => sql`${column} = ${parent}`);
}

const whereOf = (query: Query, parent: SQL | null): SQL | undefined => and(isPartOf(query, parent), query.condition);

const keyOf = (parent: string): SQL => sql`${parent}::uuid`;
const parents = (keys: readonly string[]): SQL => sql`unnest(${parametersOf('id', keys)}) as parent(key)`;
const parentKey = sql`parent.key`;

/**
 * A page of rows, which is chosen by its keys: so what is left out is read from an index alone, and where there is none
 * only keys and values are sorted.
 */
function select(db: Executor, query: Query, window: Window, parent: SQL | null) {
  const { list, terms } = query;
  const chosen = keysIn(db, query, window, parent).as('chosen');
  return db
    .select({ ...fieldsOf(list.table), [placeName]: placeSql(terms).as(placeName) })
    .from(list.table as PgTable)
    .innerJoin(chosen, sql`${list.key.sql} = ${chosen.key}`)
    .where(isPartOf(query, parent))
    .orderBy(...orderSql(terms, window.backwards));
}

const valueName = (i: number): string => `value_${i}_in_list`;

/** The keys of a page, which lies in one stretch of the order or in two that follow each other. */
function keysIn(db: Executor, query: Query, window: Window, parent: SQL | null) {
  const { list, terms } = query;
  const { limit, offset, backwards } = window;
  const read = ({ condition, terms: order, kept }: Stretch, i: number) => {
    const values = (kept ? order : terms).map((term, j) => sql`${term.sql}`.as(valueName(j)));
    const rows = db
      .select({
        key: sql`${list.key.sql}`.as('key_in_list'),
        stretch: sql`${sql.raw(String(i))}`.as('stretch_in_list'),
        ...Object.fromEntries(values.map((value) => [value.fieldAlias, value])),
      })
      .from(list.table as PgTable)
      .$dynamic();
    return (kept ? rows.innerJoin(kept.table, kept.on) : rows)
      .where(and(whereOf(query, parent), condition))
      .orderBy(...orderSql(order, backwards));
  };
  const stretches = stretchesOf(terms, list.key.sql as Expression, window).map(read);
  const [first = read({ terms, condition: sql`false` }, 0), second] = stretches;
  if (!second) return first.limit(limit).offset(offset);
  const rows = unionAll(first.limit(limit + offset), second.limit(limit + offset)).as('rows_in_order');
  const sorted = terms.map((term, i) => ({ ...term, sql: sql`${rows[valueName(i) as 'key']}` }));
  return db
    .select({ key: rows.key, stretch: rows.stretch })
    .from(rows)
    .orderBy(rows.stretch, ...orderSql(sorted, backwards))
    .limit(limit)
    .offset(offset);
}

/** The columns of a row with its place, of a subquery that has them. */
const columnsOf = (page: object, { list }: Query): Record<string, never> =>
  Object.fromEntries([...Object.keys(fieldsOf(list.table)), placeName].map((name) => [name, page[name as never]]));

/** The items of each parent, in the order of the parents; one null stands for the whole list. */
export async function itemsOf(
  db: Executor,
  query: Query,
  window: Window,
  keys: readonly (string | null)[],
): Promise<Item<Row>[][]> {
  const [only = null] = keys;
  const inOrder = (rows: readonly Row[]): Item<Row>[] => {
    const items = rows.map(({ [placeName]: place, ...node }) => ({ node, place: place as Place }));
    return window.backwards ? items.reverse() : items;
  };
  if (keys.length === 1) {
    return [inOrder((await select(db, query, window, only === null ? null : keyOf(only))) as Row[])];
  }
  const page = select(db, query, window, parentKey).as('page');
  // A lateral subquery is run once for each parent, and its rows come in its order.
  const found = (await db
    .select({ parent: sql<string>`${parentKey}`, page: columnsOf(page, query) })
    .from(parents(keys as string[]))
    .crossJoinLateral(page)) as { parent: string; page: Row }[];
  const groups = groupBy(found, ({ parent }) => parent);
  return keys.map((key) => inOrder((groups.get(key ?? '') ?? []).map((row) => row.page)));
}

/** How many rows each parent has, in the order of the parents. */
export async function countsOf(db: Executor, query: Query, keys: readonly (string | null)[]): Promise<number[]> {
  const { table } = query.list;
  const counted = (parent: SQL | null) =>
    db
      .select({ rows: count().as('rows') })
      .from(table as PgTable)
      .where(whereOf(query, parent));
  const [only = null] = keys;
  if (keys.length === 1) {
    const rows = await counted(only === null ? null : keyOf(only));
    return rows.map((row) => row.rows);
  }
  const each = counted(parentKey).as('counted');
  const found = await db
    .select({ parent: sql<string>`${parentKey}`, rows: each.rows })
    .from(parents(keys as string[]))
    .crossJoinLateral(each);
  const counts = new Map(found.map(({ parent, rows }) => [parent, rows]));
  return keys.map((key) => counts.get(key ?? '') ?? 0);
}
