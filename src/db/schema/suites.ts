/** Suites: named lists of splits of data sets, on all of which a checkpoint is evaluated. A suite never changes. */
import { boolean, index, integer, pgTable, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core';
import { createdAt, id, idempotencyKey, oneOf, updatedAt } from './columns.ts';
import { datasets } from './datasets.ts';
import { splitNames } from './evaluations.ts';

export const suites = pgTable(
  'suites',
  {
    id: id(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    idempotencyKey: idempotencyKey(),
    name: text('name').notNull(),
  },
  (table) => [unique('suites_name').on(table.name)],
);

export const suiteEntries = pgTable(
  'suite_entries',
  {
    suiteId: uuid('suite_id')
      .notNull()
      .references(() => suites.id, { onDelete: 'cascade' }),
    /** Order in which the suite names them. */
    position: integer('position').notNull(),
    datasetId: uuid('dataset_id')
      .notNull()
      .references(() => datasets.id),
    split: text('split', { enum: splitNames }).notNull(),
    /** Whether only a pooled corpus is searched. */
    pooled: boolean('pooled').notNull(),
    /** Replaces the domain of the data set; null = it does not. */
    domain: text('domain'),
  },
  (table) => [
    primaryKey({ columns: [table.suiteId, table.position] }),
    unique('suite_entries_once').on(table.suiteId, table.datasetId, table.split, table.pooled),
    index('suite_entries_dataset').on(table.datasetId),
    oneOf('suite_entries_split', table.split, splitNames),
  ],
);

export type SuiteRow = typeof suites.$inferSelect;
