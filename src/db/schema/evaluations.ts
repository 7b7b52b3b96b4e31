/** Scores of a checkpoint, or of the lexical baseline that counts words, on one split of one data set version. */
import { sql } from 'drizzle-orm';
import { boolean, check, doublePrecision, index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { Split } from '../../data/types.ts';
import type { Geometry } from '../../evaluation/geometry/types.ts';
import { checkpoints } from './checkpoints.ts';
import { count64, createdAt, id, idempotencyKey, isDigest, oneOf, updatedAt } from './columns.ts';
import { datasets, taskNames } from './datasets.ts';

export const evaluators = ['checkpoint', 'bag-of-words'] as const;
export const splitNames = ['train', 'dev', 'test'] as const satisfies readonly Split[];

export const evaluations = pgTable(
  'evaluations',
  {
    id: id(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    idempotencyKey: idempotencyKey(),
    evaluator: text('evaluator', { enum: evaluators }).notNull(),
    /** Null for `bag-of-words`. */
    checkpointId: uuid('checkpoint_id').references(() => checkpoints.id),
    datasetId: uuid('dataset_id')
      .notNull()
      .references(() => datasets.id),
    split: text('split', { enum: splitNames }).notNull(),
    /** Whether only a pooled corpus was searched: figures that are not to be compared with full ones. */
    pooled: boolean('pooled').notNull().default(false),
    task: text('task', { enum: taskNames }).notNull(),
    /** Name of the metric that counts most. */
    main: text('main').notNull(),
    /** By name; null = undefined, with its reason beside it. */
    metrics: jsonb('metrics').$type<Readonly<Record<string, number | null>>>().notNull(),
    undefinedReasons: jsonb('undefined_reasons').$type<Readonly<Record<string, string>>>().notNull(),
    count: integer('count').notNull(),
    documents: integer('documents').notNull(),
    tokens: count64('tokens').notNull(),
    seconds: doublePrecision('seconds').notNull(),
    /** What cut the words of scripts without spaces for `bag-of-words`; null where nothing was cut so. */
    wordSegmenter: text('word_segmenter'),
    /** How the vectors lie, on a sample; null where nobody asked for it, at dimensions, and for `bag-of-words`. */
    geometry: jsonb('geometry').$type<Geometry>(),
    /** How many of the first components of the vectors were compared; null = whole vectors, and for `bag-of-words`. */
    dimension: integer('dimension'),
    /** objects/units/<digest>: what each query or pair got; null = of before units were kept. */
    unitsDigest: text('units_digest'),
  },
  (table) => [
    index('evaluations_checkpoint').on(table.checkpointId, table.datasetId),
    index('evaluations_dataset').on(table.datasetId),
    index('evaluations_newest').on(table.createdAt, table.id),
    index('evaluations_main').on(sql`((${table.metrics} ->> ${table.main})::double precision)`, table.id),
    index('evaluations_units').on(table.unitsDigest),
    // What else their list is ordered by.
    index('evaluations_updated').on(table.updatedAt, table.id),
    index('evaluations_by_evaluator').on(table.evaluator, table.id),
    index('evaluations_by_split').on(table.split, table.id),
    index('evaluations_pooled').on(table.pooled, table.id),
    index('evaluations_by_task').on(table.task, table.id),
    index('evaluations_count').on(table.count, table.id),
    index('evaluations_documents').on(table.documents, table.id),
    index('evaluations_tokens').on(table.tokens, table.id),
    index('evaluations_seconds').on(table.seconds, table.id),
    index('evaluations_dimension').on(table.dimension, table.id),
    oneOf('evaluations_evaluator', table.evaluator, evaluators),
    oneOf('evaluations_split', table.split, splitNames),
    oneOf('evaluations_task', table.task, taskNames),
    isDigest('evaluations_units_is_sha256', table.unitsDigest),
    check('evaluations_has_subject', sql`(${table.evaluator} = 'checkpoint') = (${table.checkpointId} is not null)`),
  ],
);

export type EvaluationRow = typeof evaluations.$inferSelect;
export type NewEvaluation = typeof evaluations.$inferInsert;
