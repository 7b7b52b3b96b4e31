/**
 * Where runs start that do not start from their model as it was made: from a checkpoint, or from one of the run before
 * them. A checkpoint of a run has the run's start as its parent.
 */
import { sql } from 'drizzle-orm';
import { check, index, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { checkpoints } from './checkpoints.ts';
import { oneOf } from './columns.ts';
import { runs } from './runs.ts';

/** Which checkpoint of the run before it a stage starts from; the best is that of the dev sets. */
export const stageStarts = ['last', 'best'] as const;
export type StageStart = (typeof stageStarts)[number];

export const runStarts = pgTable(
  'run_starts',
  {
    runId: uuid('run_id')
      .primaryKey()
      .references(() => runs.id, { onDelete: 'cascade' }),
    /** Null of a stage that has not begun: its checkpoint is not known before. */
    checkpointId: uuid('checkpoint_id').references(() => checkpoints.id),
    /** The run before it, of a stage; null once that is deleted. */
    afterId: uuid('after_id').references(() => runs.id, { onDelete: 'set null' }),
    /** Of a stage; null = it was started from the checkpoint itself. */
    choice: text('choice', { enum: stageStarts }),
  },
  (table) => [
    index('run_starts_checkpoint').on(table.checkpointId),
    index('run_starts_after').on(table.afterId),
    oneOf('run_starts_choice', table.choice, stageStarts),
    check('run_starts_is_known_or_chosen', sql`${table.checkpointId} is not null or ${table.choice} is not null`),
  ],
);

export type RunStartRow = typeof runStarts.$inferSelect;
