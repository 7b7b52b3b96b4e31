/** Checkpoints: weights with their lineage. Several may share one folder, because a folder is named by its content. */
import { type SQL, sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import type { FusionFigure, FusionPlan } from '../../fusion/types.ts';
import {
  count64,
  createdAt,
  id,
  idempotencyKey,
  isDigest,
  notes,
  oneOf,
  searchForm,
  tags,
  updatedAt,
} from './columns.ts';
import { models } from './models.ts';
import { runs } from './runs.ts';

export const checkpointReasons = ['initial', 'epoch', 'interval', 'best', 'stop', 'fused'] as const;
export type CheckpointReason = (typeof checkpointReasons)[number];

export const checkpoints = pgTable(
  'checkpoints',
  {
    id: id(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    idempotencyKey: idempotencyKey(),
    /** That people give it; empty = none. */
    name: text('name').notNull().default(''),
    notes: notes(),
    tags: tags(),
    searchForm: searchForm(
      (): SQL => sql`array[${checkpoints.alias}, ${checkpoints.name}, ${checkpoints.notes}] || ${checkpoints.tags}`,
    ),
    reason: text('reason', { enum: checkpointReasons }).notNull(),
    /** theta_0 that this descends from; only checkpoints of one theta_0 can be fused. */
    modelId: uuid('model_id')
      .notNull()
      .references(() => models.id),
    /** The run that made it; null = fused, or a model's own theta_0 without a run. */
    runId: uuid('run_id').references((): AnyPgColumn => runs.id),
    attempt: integer('attempt'),
    /** Updates made (0 = theta_0) and epochs finished. */
    step: integer('step').notNull().default(0),
    epoch: integer('epoch').notNull().default(0),
    /** The folder objects/models/<digest>. */
    digest: text('digest').notNull(),
    /** objects/states/<digest>: optimizer and the rest; only in a run's last checkpoint, null otherwise. */
    stateDigest: text('state_digest'),
    bytes: count64('bytes').notNull(),
    /** How it was fused, with its parents in checkpoint_parents. */
    fusion: jsonb('fusion').$type<FusionPlan>(),
    /** What the method told of it; null = it was not fused, or by a version up to 0.2.0. */
    fusionFigures: jsonb('fusion_figures').$type<readonly FusionFigure[]>(),
    /** What the deltas of its fusion were taken from; null = theta_0, or it was not fused. */
    baseId: uuid('base_id').references((): AnyPgColumn => checkpoints.id),
    /** A name people give it; at most one checkpoint has it. */
    alias: text('alias'),
  },
  (table) => [
    unique('checkpoints_alias').on(table.alias),
    unique('checkpoints_step').on(table.runId, table.step),
    index('checkpoints_model').on(table.modelId),
    index('checkpoints_newest').on(table.createdAt, table.id),
    // What their list is ordered by.
    index('checkpoints_updated').on(table.updatedAt, table.id),
    index('checkpoints_name').on(table.name, table.id),
    index('checkpoints_reason').on(table.reason, table.id),
    index('checkpoints_by_step').on(table.step, table.id),
    index('checkpoints_epoch').on(table.epoch, table.id),
    index('checkpoints_bytes').on(table.bytes, table.id),
    index('checkpoints_digest').on(table.digest),
    oneOf('checkpoints_reason', table.reason, checkpointReasons),
    isDigest('checkpoints_digest_is_sha256', table.digest),
    check('checkpoints_fused_has_plan', sql`(${table.reason} = 'fused') = (${table.fusion} is not null)`),
  ],
);

export const checkpointParents = pgTable(
  'checkpoint_parents',
  {
    checkpointId: uuid('checkpoint_id')
      .notNull()
      .references(() => checkpoints.id, { onDelete: 'cascade' }),
    /** Order in which the fusion named them. */
    position: integer('position').notNull(),
    parentId: uuid('parent_id')
      .notNull()
      .references(() => checkpoints.id),
  },
  (table) => [
    primaryKey({ columns: [table.checkpointId, table.position] }),
    index('checkpoint_parents_parent').on(table.parentId),
  ],
);

export type CheckpointRow = typeof checkpoints.$inferSelect;
export type NewCheckpoint = typeof checkpoints.$inferInsert;
export type CheckpointParentRow = typeof checkpointParents.$inferSelect;
