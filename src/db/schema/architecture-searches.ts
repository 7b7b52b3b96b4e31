/**
 * Searches over architectures: what was asked for, the configurations that were drawn, and the runs of each rung with
 * their dev figures. What a search shares with all durable work is in its job, which has its id.
 */
import { eq, getTableColumns, sql } from 'drizzle-orm';
import { doublePrecision, index, integer, jsonb, pgTable, pgView, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { searchKeeps } from '../../train/architecture-search/catalog.ts';
import type { ArchitectureConfiguration, ArchitectureSpace } from '../../train/architecture-search/types.ts';
import type { DevFigures } from '../../train/types.ts';
import { checkpoints } from './checkpoints.ts';
import { count64, createdAt, idempotencyKey, oneOf } from './columns.ts';
import { type JobState, jobs } from './jobs.ts';
import { models } from './models.ts';
import type { RunDevSetRow } from './run-dev.ts';
import { type RunDatasetRow, runSettings, runs } from './runs.ts';

export const architectureSearches = pgTable(
  'architecture_searches',
  {
    /** The id of its job. */
    id: uuid('id')
      .primaryKey()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    createdAt: createdAt(),
    idempotencyKey: idempotencyKey(),
    name: text('name').notNull(),
    /** Of the default configuration. */
    modelId: uuid('model_id')
      .notNull()
      .references(() => models.id),
    /** Of the default configuration at the last rung; candidates change their losses, rungs their number of updates. */
    settings: runSettings('settings').notNull(),
    datasets: jsonb('datasets').$type<readonly Pick<RunDatasetRow, 'datasetId' | 'weight'>[]>().notNull(),
    devSets: jsonb('dev_sets').$type<readonly Pick<RunDevSetRow, 'datasetId' | 'split' | 'pooled'>[]>().notNull(),
    /** Null = its runs have no teacher. */
    teacherId: uuid('teacher_id').references(() => checkpoints.id),
    space: jsonb('space').$type<ArchitectureSpace>().notNull(),
    /** Asked for; the space may have fewer. */
    configurations: integer('configurations').notNull(),
    /** Of their draw. */
    seed: count64('seed').notNull(),
    eta: integer('eta').notNull(),
    /** T, the updates of a run at the last rung. */
    steps: integer('steps').notNull(),
    keep: text('keep', { enum: searchKeeps }).notNull(),
  },
  (table) => [
    index('architecture_searches_model').on(table.modelId),
    index('architecture_searches_teacher').on(table.teacherId),
    oneOf('architecture_searches_keep', table.keep, searchKeeps),
  ],
);

export const architectureCandidates = pgTable(
  'architecture_candidates',
  {
    searchId: uuid('search_id')
      .notNull()
      .references(() => architectureSearches.id, { onDelete: 'cascade' }),
    /** From 0, in the order of the draw; 0 is the default configuration. */
    number: integer('number').notNull(),
    configuration: jsonb('configuration').$type<ArchitectureConfiguration>().notNull(),
    /** With its pooling and heads; null until it is derived. */
    modelId: uuid('model_id').references(() => models.id),
  },
  (table) => [
    primaryKey({ columns: [table.searchId, table.number] }),
    index('architecture_candidates_model').on(table.modelId),
  ],
);

/** How the run of a trial ended. */
export const trialOutcomes = ['SUCCEEDED', 'FAILED', 'CANCELLED'] as const;

export const architectureTrials = pgTable(
  'architecture_trials',
  {
    searchId: uuid('search_id')
      .notNull()
      .references(() => architectureSearches.id, { onDelete: 'cascade' }),
    /** From 0. */
    rung: integer('rung').notNull(),
    candidate: integer('candidate').notNull(),
    /** Null once that was deleted. */
    runId: uuid('run_id').references(() => runs.id, { onDelete: 'set null' }),
    /** Updates planned. */
    steps: integer('steps').notNull(),
    /** Null until its rung is judged. */
    outcome: text('outcome', { enum: trialOutcomes }),
    /** Joint score of the best evaluation of its run on the dev sets; null of one that did not succeed. */
    score: doublePrecision('score'),
    /** Of that evaluation, in the order of the dev sets. */
    figures: jsonb('figures').$type<readonly DevFigures[]>(),
  },
  (table) => [
    primaryKey({ columns: [table.searchId, table.rung, table.candidate] }),
    index('architecture_trials_run').on(table.runId),
    oneOf('architecture_trials_outcome', table.outcome, trialOutcomes),
  ],
);

/** Searches as people see them: each with what its job says. One that awaits its runs is in their state. */
export const architectureSearchesWithJobs = pgView('architecture_searches_with_jobs').as((query) => {
  const { updatedAt, state, lastSeq, error, startedAt, finishedAt, resultId, awaitsParts } = jobs;
  return query
    .select({
      ...getTableColumns(architectureSearches),
      state: sql<JobState>`case when not ${awaitsParts} then ${state} when exists (select 1 from jobs part where
        part.part_of = ${jobs.id} and part.state = 'INTERRUPTED') then 'INTERRUPTED' else 'RUNNING' end`.as('state'),
      ...{ updatedAt, lastSeq, error, startedAt, finishedAt },
      /** Of the winner, once it SUCCEEDED. */
      checkpointId: sql<string | null>`${resultId}`.as('checkpoint_id'),
    })
    .from(architectureSearches)
    .innerJoin(jobs, eq(jobs.id, architectureSearches.id));
});

export type ArchitectureSearchRow = typeof architectureSearchesWithJobs.$inferSelect;
export type ArchitectureCandidateRow = typeof architectureCandidates.$inferSelect;
export type ArchitectureTrialRow = typeof architectureTrials.$inferSelect;
