/** What a run is evaluated on while it trains, and the figures. Written by jobs/ alone once enqueued. */
import {
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import type { DevFigures } from '../../train/types.ts';
import { createdAt, oneOf } from './columns.ts';
import { datasets } from './datasets.ts';
import { splitNames } from './evaluations.ts';
import { runs } from './runs.ts';

export const runDevSets = pgTable(
  'run_dev_sets',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    /** Order in which the run names them. */
    position: integer('position').notNull(),
    datasetId: uuid('dataset_id')
      .notNull()
      .references(() => datasets.id),
    split: text('split', { enum: splitNames }).notNull(),
    /** Whether only a pooled corpus is searched. */
    pooled: boolean('pooled').notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.position] }),
    unique('run_dev_sets_once').on(table.runId, table.datasetId, table.split),
    index('run_dev_sets_dataset').on(table.datasetId),
    oneOf('run_dev_sets_split', table.split, splitNames),
  ],
);

/** One evaluation of a run on all of its dev sets. A step that is made again after a resume replaces its figures. */
export const devEvaluations = pgTable(
  'dev_evaluations',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    createdAt: createdAt(),
    /** Updates made before it. */
    step: integer('step').notNull(),
    epoch: integer('epoch').notNull(),
    attempt: integer('attempt').notNull(),
    /** Joint score. */
    score: doublePrecision('score').notNull(),
    /** In the order of the dev sets. */
    figures: jsonb('figures').$type<readonly DevFigures[]>().notNull(),
    seconds: doublePrecision('seconds').notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.step] })],
);

export type RunDevSetRow = typeof runDevSets.$inferSelect;
export type DevEvaluationRow = typeof devEvaluations.$inferSelect;
