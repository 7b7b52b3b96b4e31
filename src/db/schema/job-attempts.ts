/** Attempts at jobs: which process works on it, since when, and whether it is still alive. */
import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, instant, oneOf } from './columns.ts';
import { jobs } from './jobs.ts';
import type { AttemptDetails } from './types.ts';

/** QUEUED = it is to begin again. */
export const attemptOutcomes = ['QUEUED', 'INTERRUPTED', 'CANCELLED', 'FAILED', 'SUCCEEDED'] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

export const jobAttempts = pgTable(
  'job_attempts',
  {
    jobId: uuid('job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    /** Counts from 1. */
    number: integer('number').notNull(),
    createdAt: createdAt(),
    /** The owner: a random id of one start of one process. */
    process: uuid('process').notNull(),
    /** The owner's host name with its data folder, and process id: for people. */
    host: text('host').notNull(),
    pid: integer('pid').notNull(),
    /** Proof of life; a process that lets the lease pass has lost the job. */
    heartbeatAt: instant('heartbeat_at').notNull().defaultNow(),
    leaseUntil: instant('lease_until').notNull(),
    endedAt: instant('ended_at'),
    /** The state that it gave the job at its end. */
    outcome: text('outcome', { enum: attemptOutcomes }),
    /** What the attempt notes for a later one, and for people. */
    details: jsonb('details').$type<AttemptDetails>().notNull().default({}),
  },
  (table) => [
    primaryKey({ columns: [table.jobId, table.number] }),
    index('job_attempts_open').on(table.leaseUntil).where(sql`${table.endedAt} is null`),
    oneOf('job_attempts_outcome', table.outcome, attemptOutcomes),
  ],
);

export type JobAttemptRow = typeof jobAttempts.$inferSelect;
