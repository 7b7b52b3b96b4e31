/** The teachers of runs: a checkpoint of any model, whose vectors the run's losses read. Most runs have none. */
import { index, pgTable, uuid } from 'drizzle-orm/pg-core';
import { checkpoints } from './checkpoints.ts';
import { runs } from './runs.ts';

export const runTeachers = pgTable(
  'run_teachers',
  {
    runId: uuid('run_id')
      .primaryKey()
      .references(() => runs.id, { onDelete: 'cascade' }),
    checkpointId: uuid('checkpoint_id')
      .notNull()
      .references(() => checkpoints.id),
  },
  (table) => [index('run_teachers_checkpoint').on(table.checkpointId)],
);
