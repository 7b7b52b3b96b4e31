/** The statements of a list: a page, for one parent or for several at once, and a count. */
import { and, count, getTableColumns, getViewSelectedFields, is, type SQL, sql, Table } from 'drizzle-orm';
import { type PgTable, type PgView, unionAll } from 'drizzle-orm/pg-core';
import type { Executor } from '../../../db/open.ts';
import { invariant } from '../../../errors.ts';
import { groupBy } from '../group-by.ts';
import { orderSql, placeSql, type Stretch, stretchesOf, type Term } from './order.ts';
import type { Item, List, Place, Window } from './types.ts';
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

/** Names beside the columns of a row, which no table has: of its place, its stretch and the values of its terms. */
const placeName = 'place_in_list';
const stretchName = 'stretch_of_list';
const sortName = (i: number): string => `term_${i}_of_list`;

/** The columns of a table or view by the names that the rows have. */
function fieldsOf(table: PgTable | PgView): Record<string, never> {
  if (is(table, Table)) return getTableColumns(table) as Record<string, never>;
  const names = Object.keys(getViewSelectedFields(table));
  return Object.fromEntries(names.map((name) => [name, table[name as never]]));
}

/** `parent`: what the edge leads to. */
function whereOf({ list, edge, condition }: Query, parent: SQL | null): SQL | undefined {
  if (edge === null || parent === null) return condition;
  const way = list.edges[edge];
  invariant(way, `no edge ${edge} in the list ${list.name}`);
  return and(
    way.where((column) => sql`${column} = ${parent}`),
    condition,
  );
}

const keyOf = (parent: string): SQL => sql`${parent}::uuid`;
const parents = (keys: readonly string[]): SQL => sql`unnest(${parametersOf('id', keys)}) as parent(key)`;
const parentKey = sql`parent.key`;

function select(db: Executor, query: Query, window: Window, parent: SQL | null) {
  const { list, terms } = query;
  const { limit, offset, backwards } = window;
  const [first, second] = stretchesOf(terms, window);
  if (first && second) return bothStretches(db, query, window, [first, second], parent);
  const { condition, terms: order } = first ?? { condition: sql`false`, terms };
  return db
    .select({ ...fieldsOf(list.table), [placeName]: placeSql(terms).as(placeName) })
    .from(list.table as PgTable)
    .where(and(whereOf(query, parent), condition))
    .orderBy(...orderSql(order, backwards))
    .limit(limit)
    .offset(offset);
}

/** One behind the other, each read as far as the page may reach into it. */
function bothStretches(
  db: Executor,
  query: Query,
  { limit, offset, backwards }: Window,
  stretches: readonly [Stretch, Stretch],
  parent: SQL | null,
) {
  const { list, terms } = query;
  const values = Object.fromEntries(terms.map((term, i) => [sortName(i), sql`${term.sql}`.as(sortName(i))]));
  const [first, second] = stretches.map(({ condition, terms: order }, i) =>
    db
      .select({
        ...{ ...fieldsOf(list.table), ...values, [placeName]: placeSql(terms).as(placeName) },
        [stretchName]: sql`${sql.raw(String(i))}`.as(stretchName),
      })
      .from(list.table as PgTable)
      .where(and(whereOf(query, parent), condition))
      .orderBy(...orderSql(order, backwards))
      .limit(limit + offset),
  );
  const both = unionAll(first as never, second as never).as('both') as never;
  const sorted = terms.map((term, i) => ({ ...term, sql: both[sortName(i)] as SQL }));
  return db
    .select(columnsOf(both, query))
    .from(both)
    .orderBy(both[stretchName], ...orderSql(sorted, backwards))
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
