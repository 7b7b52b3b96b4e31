/**
 * Durable work of every kind: what was asked for, where it stands, and what came of it. Training runs are among it: the
 * job of a run has the run's id. Its attempts and events are in tables of their own. Written by jobs/ alone.
 */
import { sql } from 'drizzle-orm';
import { type AnyPgColumn, boolean, check, index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { PlainError } from '../../errors.ts';
import { count64, createdAt, id, idempotencyKey, instant, oneOf, updatedAt } from './columns.ts';
import type { JobProgress, Use } from './types.ts';

export const jobStates = ['QUEUED', 'RUNNING', 'INTERRUPTED', 'CANCELLED', 'FAILED', 'SUCCEEDED'] as const;
export type JobState = (typeof jobStates)[number];

/** States of work that is to be done or under way: what it uses stays. */
export const liveStates = ['QUEUED', 'RUNNING'] as const satisfies readonly JobState[];
/** States that end a job for good, unless a repeated request begins it again. */
export const terminalStates = ['CANCELLED', 'FAILED', 'SUCCEEDED'] as const satisfies readonly JobState[];

export const jobs = pgTable(
  'jobs',
  {
    id: id(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    idempotencyKey: idempotencyKey(),
    /** A name of jobs/kinds/catalog.ts, or of another version's. */
    kind: text('kind').notNull(),
    state: text('state', { enum: jobStates }).notNull().default('QUEUED'),
    /** All that the work needs to know; what is too large lies in storage and is among `uses`. Never a secret. */
    input: jsonb('input').$type<Readonly<Record<string, unknown>>>().notNull(),
    /** What it uses while it is queued or runs. Versions up to 0.2.0 wrote none. */
    uses: jsonb('uses').$type<readonly Use[]>().notNull().default([]),
    /** The process whose caller waits for it; without an idempotency key nobody else will ever ask for its result. */
    acceptedBy: uuid('accepted_by'),
    /** Id of the data folder whose host alone may work on it; null = any host that has the files. */
    place: uuid('place'),
    /** While it is queued: the job that must have SUCCEEDED before it begins; null = it waits for none. */
    after: uuid('after').references((): AnyPgColumn => jobs.id),
    /** The job that it is a part of: that one awaits its end, and its own cancellation comes with that one's. */
    partOf: uuid('part_of').references((): AnyPgColumn => jobs.id, { onDelete: 'set null' }),
    /** While it is queued: it begins again once all of its parts have ended. */
    awaitsParts: boolean('awaits_parts').notNull().default(false),
    /** While it is queued: not begun earlier; null = at once. */
    notBefore: instant('not_before'),
    /** While it is queued: a folder that the host lacked which looked last. */
    lacks: text('lacks'),
    /** Number of its last attempt; 0 before the first. Every write of an attempt is fenced by it. */
    attempt: integer('attempt').notNull().default(0),
    /** Attempts whose process died. */
    deaths: integer('deaths').notNull().default(0),
    /** Sequence number of its last event. */
    lastSeq: count64('last_seq').notNull().default(0),
    cancelRequested: boolean('cancel_requested').notNull().default(false),
    /** Id of the row it made, once it succeeded. */
    resultId: uuid('result_id'),
    /** What else the caller is told, once it succeeded; the handler of its kind knows the shape. */
    answer: jsonb('answer').$type<Readonly<Record<string, unknown>>>(),
    error: jsonb('error').$type<PlainError>(),
    progress: jsonb('progress').$type<JobProgress>(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
  },
  (table) => [
    index('jobs_state').on(table.state, table.id),
    index('jobs_newest').on(table.createdAt, table.id),
    // What the lists of jobs and of runs are ordered by.
    index('jobs_updated').on(table.updatedAt, table.id),
    index('jobs_started').on(table.startedAt, table.id),
    index('jobs_finished').on(table.finishedAt, table.id),
    index('jobs_attempt').on(table.attempt, table.id),
    index('jobs_cause').on(sql`(${table.answer} ->> 'cause')`, table.id),
    index('jobs_after').on(table.after).where(sql`${table.after} is not null`),
    index('jobs_part_of').on(table.partOf).where(sql`${table.partOf} is not null`),
    oneOf('jobs_state_is_known', table.state, jobStates),
    check('jobs_counts', sql`${table.attempt} >= 0 and ${table.deaths} >= 0 and ${table.lastSeq} >= 0`),
  ],
);

export type JobRow = typeof jobs.$inferSelect;
