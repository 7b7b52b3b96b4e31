/** What orders of checkpoints by a figure read: a copy of figures out of the evaluations, in the order of an index. */
import { boolean, doublePrecision, index, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { splitNames } from './evaluations.ts';

/**
 * The figures of the newest evaluation of whole vectors of each checkpoint on each split; what is undefined has no row.
 * Triggers of `evaluations` alone write them, in the transaction that writes the evaluation.
 */
export const checkpointFigures = pgTable(
  'checkpoint_figures',
  {
    checkpointId: uuid('checkpoint_id').notNull(),
    datasetId: uuid('dataset_id').notNull(),
    split: text('split', { enum: splitNames }).notNull(),
    pooled: boolean('pooled').notNull(),
    metric: text('metric').notNull(),
    value: doublePrecision('value').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.checkpointId, table.datasetId, table.split, table.pooled, table.metric] }),
    index('checkpoint_figures_order').on(
      ...([table.datasetId, table.split, table.pooled, table.metric, table.value, table.checkpointId] as const),
    ),
  ],
);
