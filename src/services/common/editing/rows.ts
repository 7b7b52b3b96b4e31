/** The rows that one request changes or deletes together: each once, locked, all of them there. */
import { asc, inArray } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import { globalId } from '../../../db/global-id.ts';
import type { Executor, Transaction } from '../../../db/open.ts';
import { missing, type RowOf, type TableName } from '../../../db/rows.ts';
import { nouns } from '../../../db/schema.ts';
import { badInput } from '../../../errors.ts';

/** Where the input has the thing of a place. */
export type FieldOf = (place: number) => string;

/** A table whose rows are locked. Of a noun with the id of its job it is that of jobs, as for all who write to both. */
export type LockedTable = PgTable & { readonly id: PgColumn };

/** Rows that one request may change or delete. */
export const mostAtOnce = 1000;

/** Things of one request. */
export interface Chosen<Name extends TableName> {
  readonly noun: Name;
  readonly ids: readonly string[];
  readonly fieldOf: FieldOf;
}

/**
 * Locks the rows until the transaction ends, in the order of their ids, so that two requests never wait for each other,
 * and returns them in the order that was asked for. Throws BAD_USER_INPUT for an id that stands twice, NOT_FOUND.
 */
export async function lockRows<Name extends TableName>(
  tx: Transaction,
  locked: LockedTable,
  chosen: Chosen<Name>,
): Promise<RowOf<Name>[]> {
  refuseTwice(chosen);
  const ids = [...chosen.ids];
  await tx.select({ id: locked.id }).from(locked).where(inArray(locked.id, ids)).orderBy(asc(locked.id)).for('update');
  return readRows(tx, chosen);
}

/** The rows in the order of the ids; throws NOT_FOUND for one that is missing. */
export async function readRows<Name extends TableName>(
  executor: Executor,
  { noun, ids, fieldOf }: Chosen<Name>,
): Promise<RowOf<Name>[]> {
  const { table } = nouns[noun];
  const rows = (await executor
    .select()
    .from(table as PgTable)
    .where(inArray(table.id, [...ids]))) as RowOf<Name>[];
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id, place) => {
    const row = found.get(id);
    if (row === undefined) throw missing(noun, id, fieldOf(place));
    return row;
  });
}

function refuseTwice({ noun, ids, fieldOf }: Chosen<TableName>): void {
  const twice = ids.findIndex((id, place) => ids.indexOf(id) !== place);
  if (twice < 0) return;
  const { called, type } = nouns[noun];
  throw badInput(`The ${called} ${globalId(type, ids[twice] ?? '')} is named twice`, {
    field: fieldOf(twice),
    expected: `each ${called} once`,
    remedy: 'Name it once.',
  });
}
