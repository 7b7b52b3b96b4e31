/** Columns and checks that several tables share. */
import { type SQL, sql } from 'drizzle-orm';
import { type AnyPgColumn, bigint, check, text, timestamp, uuid } from 'drizzle-orm/pg-core';

export const id = () => uuid('id').primaryKey().defaultRandom();

export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

export const createdAt = () => instant('created_at').notNull().defaultNow();

/** Given by the caller of a creating mutation: the same key again finds the first row instead of making another. */
export const idempotencyKey = () => text('idempotency_key').unique();

/** Counts and bytes: 64 bits there, exact up to 2^53 here. */
export const count64 = (name: string) => bigint(name, { mode: 'number' });

/** `column in (values)`, for states kept as text. */
export function oneOf(name: string, column: AnyPgColumn, values: readonly string[]) {
  const list = values.map((value) => `'${value}'`).join(', ');
  return check(name, sql`${column} in (${sql.raw(list)})`);
}

/** A sha256 in hex. */
export const isDigest = (name: string, column: AnyPgColumn) => check(name, matches(column));

const matches = (column: AnyPgColumn): SQL => sql`${column} ~ '^[0-9a-f]{64}$'`;
