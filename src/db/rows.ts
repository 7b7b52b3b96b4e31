/** Rows of a noun by their ids, or the error that names what is missing. Services and jobs call it. */

import { eq, inArray } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import { notFound, type TandemError } from '../errors.ts';
import { globalId } from './global-id.ts';
import type { Executor } from './handle.ts';
import { nouns } from './schema.ts';

export type TableName = keyof typeof nouns;
export type RowOf<Name extends TableName> = (typeof nouns)[Name]['table']['$inferSelect'];

export const missing = (name: TableName, id: string, field = 'id'): TandemError =>
  notFound(`There is no ${nouns[name].called} ${globalId(nouns[name].type, id)}`, {
    field,
    expected: `the id of a ${nouns[name].called} that exists`,
    remedy: `List them with the query \`${name}\`; it may have been deleted.`,
  });

/** The row, or NOT_FOUND. */
export async function requireRow<Name extends TableName>(
  executor: Executor,
  name: Name,
  id: string,
  field = 'id',
): Promise<RowOf<Name>> {
  const table = nouns[name].table;
  const rows = (await executor
    .select()
    .from(table as PgTable)
    .where(eq(table.id, id))
    .limit(1)) as RowOf<Name>[];
  const [row] = rows;
  if (row === undefined) throw missing(name, id, field);
  return row;
}

/** Rows in the order of the ids, with one statement, or none for no ids; the first that is missing is a NOT_FOUND. */
export async function requireRows<Name extends TableName>(
  executor: Executor,
  name: Name,
  ids: readonly string[],
): Promise<RowOf<Name>[]> {
  if (ids.length === 0) return [];
  const table = nouns[name].table;
  const rows = (await executor
    .select()
    .from(table as PgTable)
    .where(inArray(table.id, [...new Set(ids)]))) as RowOf<Name>[];
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = found.get(id);
    if (row === undefined) throw missing(name, id);
    return row;
  });
}
