/**
 * Training runs and the data sets they train on. What a run shares with all durable work (its state, attempts, events,
 * error) is in its job, which has the run's id. Written by jobs/ alone once enqueued.
 */
import { eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import {
  boolean,
  check,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  pgView,
  primaryKey,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';
import type { AdapterReport } from '../../device/types.ts';
import type { LossTerm } from '../../nn/losses/catalog.ts';
import type { RunSettings } from '../../train/catalog.ts';
import { completeSettings, completeTerms } from '../../train/stored-settings.ts';
import { count64, createdAt, idempotencyKey, madeAs, notes, searchForm, tags } from './columns.ts';
import { datasets } from './datasets.ts';
import { jobs } from './jobs.ts';
import { models } from './models.ts';

/** Settings as of today, whatever the version that stored them. */
export const runSettings = customType<{ data: RunSettings; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (settings) => JSON.stringify(settings),
  fromDriver: (stored) => completeSettings(stored as RunSettings),
});

/** Why a run SUCCEEDED before it had made all planned updates. */
export const runCauses = ['EARLY_STOPPED'] as const;
export type RunCause = (typeof runCauses)[number];
/** Loss terms likewise. */
const lossTerms = customType<{ data: readonly LossTerm[]; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (terms) => JSON.stringify(terms),
  fromDriver: (stored) => completeTerms(stored as readonly LossTerm[]),
});

export const runs = pgTable(
  'runs',
  {
    /** The id of its job. */
    id: uuid('id')
      .primaryKey()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    createdAt: createdAt(),
    idempotencyKey: idempotencyKey(),
    name: text('name').notNull(),
    madeAs: madeAs(),
    notes: notes(),
    tags: tags(),
    searchForm: searchForm((): SQL => sql`array[${runs.name}, ${runs.notes}] || ${runs.tags}`),
    /** theta_0. */
    modelId: uuid('model_id')
      .notNull()
      .references(() => models.id),
    settings: runSettings('settings').notNull(),
    /** Given at resume: another adapter than the one before may continue the run. */
    allowDifferentAdapter: boolean('allow_different_adapter').notNull().default(false),
    /** Updates made, and updates planned once the run has started. */
    step: integer('step').notNull().default(0),
    steps: integer('steps'),
    epoch: integer('epoch').notNull().default(0),
    /** Loss of the last update. */
    loss: doublePrecision('loss'),
    /** Joint score of the best evaluation on the dev sets, and its step, whose checkpoint is the best. */
    bestScore: doublePrecision('best_score'),
    bestStep: integer('best_step'),
    tokensPerSecond: doublePrecision('tokens_per_second'),
    /** Estimate of the last update; a trigger of jobs takes it away once the run no longer runs (migration 0026). */
    secondsLeft: doublePrecision('seconds_left'),
    parameters: count64('parameters'),
    memoryBytes: count64('memory_bytes'),
    adapter: jsonb('adapter').$type<AdapterReport>(),
  },
  (table) => [
    index('runs_model').on(table.modelId),
    index('runs_newest').on(table.createdAt, table.id),
    index('runs_name').on(table.name, table.id),
    // What their list is ordered by.
    index('runs_step').on(table.step, table.id),
    index('runs_steps').on(table.steps, table.id),
    index('runs_epoch').on(table.epoch, table.id),
    index('runs_loss').on(table.loss, table.id),
    index('runs_best_score').on(table.bestScore, table.id),
    index('runs_best_step').on(table.bestStep, table.id),
    index('runs_tokens_per_second').on(table.tokensPerSecond, table.id),
    index('runs_seconds_left').on(table.secondsLeft, table.id),
    index('runs_parameters').on(table.parameters, table.id),
    index('runs_memory_bytes').on(table.memoryBytes, table.id),
    check('runs_step_is_count', sql`${table.step} >= 0`),
  ],
);

/**
 * Runs as people see them: each with what its job says. Each has a job, which a left join says as well; by that one
 * Postgres reads no jobs where nothing of them is asked, as for the keys of a page far behind in a list.
 */
export const runsWithJobs = pgView('runs_with_jobs').as((query) => {
  const { updatedAt, state, attempt, lastSeq, error, startedAt, finishedAt, answer } = jobs;
  const selected = query
    .select({
      ...getTableColumns(runs),
      ...{ updatedAt, state, attempt, lastSeq, error, startedAt, finishedAt },
      /** Why it succeeded before its planned end; null = it did not. */
      cause: sql<RunCause | null>`${answer} ->> 'cause'`.as('cause'),
    })
    .from(runs);
  const leftJoin = selected.leftJoin as unknown as typeof selected.innerJoin;
  return leftJoin(jobs, eq(jobs.id, runs.id));
});

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
    /** Its own loss terms; null = those of its task in the settings. */
    losses: lossTerms('losses'),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.position] }),
    unique('run_datasets_once').on(table.runId, table.datasetId),
    index('run_datasets_dataset').on(table.datasetId),
    check('run_datasets_weight', sql`${table.weight} > 0`),
  ],
);

export type RunRow = typeof runsWithJobs.$inferSelect;
export type RunDatasetRow = typeof runDatasets.$inferSelect;
