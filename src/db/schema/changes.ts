/**
 * Changes of the nouns. Triggers write the outbox in the writer's own transaction; the function `sequence_changes`
 * moves what is committed into `changes` and numbers it there. Both are in the migration `change_triggers`.
 */
import { sql } from 'drizzle-orm';
import { bigint, boolean, check, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { count64, instant, oneOf } from './columns.ts';

/**
 * The GraphQL types whose changes are told. Not Document: every write of documents changes their collection, which
 * tells of it once, where a million documents would tell a million times. Not what only admins read: `changes` is for
 * every viewer.
 */
export const changedTypes = [
  'Dataset',
  'Model',
  'Run',
  'Checkpoint',
  'Suite',
  'Evaluation',
  'FusionSearch',
  'Collection',
  'ArchitectureSearch',
  'Job',
] as const;
export type ChangedType = (typeof changedTypes)[number];

export const changeKinds = ['created', 'updated', 'deleted'] as const;

const ofNoun = () => ({
  type: text('type', { enum: changedTypes }).notNull(),
  key: uuid('key').notNull(),
  kind: text('kind', { enum: changeKinds }).notNull(),
});

export const changes = pgTable(
  'changes',
  {
    /** From 1 without gaps; what is removed are the first ones. */
    seq: count64('seq').primaryKey(),
    ...ofNoun(),
    /** When it got its number. */
    at: instant('at').notNull(),
  },
  (table) => [oneOf('changes_kind', table.kind, changeKinds)],
);

/** What has no number yet. */
export const changeOutbox = pgTable('change_outbox', {
  id: bigint('id', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
  ...ofNoun(),
  /** Whether it tells nothing but how far something is: such changes are told once a second at most. */
  progress: boolean('progress').notNull().default(false),
});

/** One row. Whoever numbers changes holds its lock, so that no number is visible before a smaller one. */
export const changeCounter = pgTable(
  'change_counter',
  {
    one: boolean('one').primaryKey().default(true),
    /** The last number that was given. */
    seq: count64('seq').notNull().default(0),
    /** When progress was told last. */
    progressAt: instant('progress_at').notNull().defaultNow(),
  },
  (table) => [check('change_counter_is_one', sql`${table.one}`)],
);

export type ChangeRow = typeof changes.$inferSelect;
