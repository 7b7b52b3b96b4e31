/** Finding rows by ids, counting and paging them: what every noun's service shares. */
import { eq, inArray } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Executor } from '../../db/open.ts';
import { missing, type RowOf, type TableName } from '../../db/rows.ts';
import { nouns } from '../../db/schema.ts';
import type { TandemError } from '../../errors.ts';
import type { Tandem } from '../tandem.ts';

export { missing, type RowOf, requireRow, type TableName } from '../../db/rows.ts';

/** Rows in the order of the ids; a NOT_FOUND in the place of each that is missing. */
export async function byIds<Name extends TableName>(
  { database }: Tandem,
  name: Name,
  ids: readonly string[],
): Promise<(RowOf<Name> | TandemError)[]> {
  const table = nouns[name].table;
  const rows = (await database.db
    .select()
    .from(table as PgTable)
    .where(inArray(table.id, [...ids]))) as RowOf<Name>[];
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id) ?? missing(name, id));
}

type Keyed = 'architectureSearches' | 'collections' | 'fusionSearches' | 'runs' | 'suites';

/** The row that an idempotency key made before, if it did. */
export async function byIdempotencyKey<Name extends Keyed>(
  executor: Executor,
  name: Name,
  key: string | null | undefined,
): Promise<RowOf<Name> | null> {
  if (key === null || key === undefined) return null;
  const table = nouns[name].table;
  const rows = (await executor
    .select()
    .from(table as PgTable)
    .where(eq(table.idempotencyKey, key))) as RowOf<Name>[];
  return rows[0] ?? null;
}
