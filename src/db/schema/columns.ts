/** Columns and checks that several tables share. */
import { type SQL, sql } from 'drizzle-orm';
import { type AnyPgColumn, bigint, check, text, timestamp, uuid } from 'drizzle-orm/pg-core';

export const id = () => uuid('id').primaryKey().defaultRandom();

export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });

/**
 * When a row was made, or last changed in what people edit, in its state or its alias: not by progress, so that
 * `ifUpdatedAt` can be asked of what is under way. Whole milliseconds, and of a row every one is later than the one
 * before. Triggers of the database set it (migration 0019), because rows are written in many places.
 */
export const updatedAt = () =>
  timestamp('updated_at', { withTimezone: true, mode: 'date', precision: 3 })
    .notNull()
    .default(sql`date_trunc('milliseconds', clock_timestamp())`);

/** What people write to a thing. Empty text = nothing. */
export const notes = () => text('notes').notNull().default('');

/** The name under which it was made, by which a repeated idempotency key is compared; null = it has that name. */
export const madeAs = () => text('made_as');

/** Words that people sort things by: trimmed, each once, in the order in which they were given. */
export const tags = () => text('tags').array().notNull().default(sql`'{}'::text[]`);

/**
 * The texts that `q` looks into, in the form in which they are compared, of a noun of which there are many: to bring
 * three texts of each of 100,000 rows into it takes half a second. `texts` is a text[]; null elements count as absent.
 */
export const searchForm = (texts: () => SQL) =>
  text('search_form')
    .notNull()
    .generatedAlwaysAs((): SQL => sql`search_forms(${texts()})`);

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
