/**
 * Training runs, the data sets they train on, and the events that they reported. Written by jobs/ alone once enqueued.
 */
import { sql } from 'drizzle-orm';
import {
  boolean,
  check,
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
import type { AdapterReport } from '../../device/types.ts';
import type { PlainError } from '../../errors.ts';
import type { RunSettings } from '../../train/catalog.ts';
import { count64, createdAt, id, idempotencyKey, instant, oneOf } from './columns.ts';
import { datasets } from './datasets.ts';
import { models } from './models.ts';
import type { RunEventData, RunEventType } from './types.ts';

export const runStates = ['QUEUED', 'RUNNING', 'INTERRUPTED', 'CANCELLED', 'FAILED', 'SUCCEEDED'] as const;
export type RunState = (typeof runStates)[number];

/** States that end a run: they send the terminal event. INTERRUPTED can be resumed. */
export const terminalRunStates = ['CANCELLED', 'FAILED', 'SUCCEEDED'] as const satisfies readonly RunState[];

export const runs = pgTable(
  'runs',
  {
    id: id(),
    createdAt: createdAt(),
    idempotencyKey: idempotencyKey(),
    name: text('name').notNull(),
    /** theta_0. */
    modelId: uuid('model_id')
      .notNull()
      .references(() => models.id),
    settings: jsonb('settings').$type<RunSettings>().notNull(),
    state: text('state', { enum: runStates }).notNull().default('QUEUED'),
    /** Number of the attempt that owns the run; 0 before the first. Every write of an attempt is fenced by it. */
    attempt: integer('attempt').notNull().default(0),
    /** Sequence number of the last event. */
    lastSeq: count64('last_seq').notNull().default(0),
    cancelRequested: boolean('cancel_requested').notNull().default(false),
    /** Given at resume: another adapter than the one before may continue the run. */
    allowDifferentAdapter: boolean('allow_different_adapter').notNull().default(false),
    /** Updates made, and updates planned once the run has started. */
    step: integer('step').notNull().default(0),
    steps: integer('steps'),
    epoch: integer('epoch').notNull().default(0),
    /** Loss of the last update. */
    loss: doublePrecision('loss'),
    tokensPerSecond: doublePrecision('tokens_per_second'),
    secondsLeft: doublePrecision('seconds_left'),
    parameters: count64('parameters'),
    memoryBytes: count64('memory_bytes'),
    adapter: jsonb('adapter').$type<AdapterReport>(),
    error: jsonb('error').$type<PlainError>(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
  },
  (table) => [
    index('runs_state').on(table.state),
    index('runs_model').on(table.modelId),
    oneOf('runs_state_is_known', table.state, runStates),
    check('runs_step_is_count', sql`${table.step} >= 0 and ${table.attempt} >= 0 and ${table.lastSeq} >= 0`),
  ],
);

export const runDatasets = pgTable(
  'run_datasets',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    /** Order in which the run names them; part of what the run computes. */
    position: integer('position').notNull(),
    datasetId: uuid('dataset_id')
      .notNull()
      .references(() => datasets.id),
    /** w_d of docs/method.md section 3. */
    weight: doublePrecision('weight').notNull().default(1),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.position] }),
    unique('run_datasets_once').on(table.runId, table.datasetId),
    index('run_datasets_dataset').on(table.datasetId),
    check('run_datasets_weight', sql`${table.weight} > 0`),
  ],
);

export const runEvents = pgTable(
  'run_events',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    /** Counts from 1 without gaps, over all attempts. */
    seq: count64('seq').notNull(),
    attempt: integer('attempt').notNull(),
    createdAt: createdAt(),
    type: text('type').$type<RunEventType>().notNull(),
    data: jsonb('data').$type<RunEventData>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.runId, table.seq] })],
);

export type RunRow = typeof runs.$inferSelect;
export type NewRun = typeof runs.$inferInsert;
export type RunDatasetRow = typeof runDatasets.$inferSelect;
export type RunEventRow = typeof runEvents.$inferSelect;
