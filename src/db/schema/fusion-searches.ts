/**
 * Searches for the best fusion and the candidates they tried. What a search shares with all durable work (its state,
 * progress, error) is in its job, which has the search's id. Candidates are written by jobs/ alone.
 */
import { eq, getTableColumns, sql } from 'drizzle-orm';
import {
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  pgView,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core';
import { candidateOrigins } from '../../fusion/search/catalog.ts';
import type { SearchPlan } from '../../fusion/search/types.ts';
import type { DevFigures } from '../../train/types.ts';
import { createdAt, idempotencyKey, isDigest, oneOf } from './columns.ts';
import { jobs } from './jobs.ts';
import { models } from './models.ts';
import type { SearchRequest, SearchTestFigures } from './types.ts';

export const fusionSearches = pgTable(
  'fusion_searches',
  {
    /** The id of its job. */
    id: uuid('id')
      .primaryKey()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    createdAt: createdAt(),
    idempotencyKey: idempotencyKey(),
    /** theta_0 of its checkpoints. */
    modelId: uuid('model_id')
      .notNull()
      .references(() => models.id),
    request: jsonb('request').$type<SearchRequest>().notNull(),
    /** Figures on the test sets, read once at its end; null before, and where none are named. */
    test: jsonb('test').$type<SearchTestFigures>(),
  },
  (table) => [index('fusion_searches_model').on(table.modelId)],
);

export const fusionCandidates = pgTable(
  'fusion_candidates',
  {
    searchId: uuid('search_id')
      .notNull()
      .references(() => fusionSearches.id, { onDelete: 'cascade' }),
    /** In the order in which they were tried, from 0. */
    number: integer('number').notNull(),
    createdAt: createdAt(),
    origin: text('origin', { enum: candidateOrigins }).notNull(),
    /** Index into the checkpoints of the search, of one that was tried as it is; null of a fusion. */
    checkpoint: integer('checkpoint'),
    plan: jsonb('plan').$type<SearchPlan>(),
    /** sha256 of its weights: names, shapes and values in the order of the model's parameters; null = not finite. */
    digest: text('digest'),
    /** The earlier candidate with the same weights whose figures these are; null = it was evaluated. */
    sameAs: integer('same_as'),
    /** Joint score, and the mean of the main figures of each task; null where they have no value. */
    score: doublePrecision('score'),
    ir: doublePrecision('ir'),
    sts: doublePrecision('sts'),
    /** In the order of the dev sets; empty where it could not be evaluated. */
    figures: jsonb('figures').$type<readonly DevFigures[]>().notNull(),
    /** Why it has no score. */
    failure: text('failure'),
    seconds: doublePrecision('seconds').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.searchId, table.number] }),
    oneOf('fusion_candidates_origin', table.origin, candidateOrigins),
    isDigest('fusion_candidates_digest_is_sha256', table.digest),
    check('fusion_candidates_is_one', sql`(${table.checkpoint} is null) <> (${table.plan} is null)`),
    check('fusion_candidates_fails_or_scores', sql`(${table.score} is null) = (${table.failure} is not null)`),
  ],
);

/** Searches as people see them: each with what its job says. */
export const fusionSearchesWithJobs = pgView('fusion_searches_with_jobs').as((query) =>
  query
    .select({ ...getTableColumns(fusionSearches), updatedAt: jobs.updatedAt, state: jobs.state })
    .from(fusionSearches)
    .innerJoin(jobs, eq(jobs.id, fusionSearches.id)),
);

export type FusionSearchRow = typeof fusionSearchesWithJobs.$inferSelect;
export type FusionCandidateRow = typeof fusionCandidates.$inferSelect;
export type NewFusionCandidate = typeof fusionCandidates.$inferInsert;
