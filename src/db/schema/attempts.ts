/** Attempts of runs: which process works on it, since when, and whether it is still alive. */
import { index, integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import type { AdapterReport } from '../../device/types.ts';
import { checkpoints } from './checkpoints.ts';
import { createdAt, instant, oneOf } from './columns.ts';
import { runs } from './runs.ts';

export const attemptOutcomes = ['INTERRUPTED', 'CANCELLED', 'FAILED', 'SUCCEEDED'] as const;

export const runAttempts = pgTable(
  'run_attempts',
  {
    runId: uuid('run_id')
      .notNull()
      .references(() => runs.id, { onDelete: 'cascade' }),
    /** Counts from 1. */
    number: integer('number').notNull(),
    createdAt: createdAt(),
    /** The owner: host name with data folder, and process id. */
    host: text('host').notNull(),
    pid: integer('pid').notNull(),
    /** Proof of life; a host that lets the lease pass has lost the run. */
    heartbeatAt: instant('heartbeat_at').notNull().defaultNow(),
    leaseUntil: instant('lease_until').notNull(),
    endedAt: instant('ended_at'),
    outcome: text('outcome', { enum: attemptOutcomes }),
    adapter: jsonb('adapter').$type<AdapterReport>(),
    /** The checkpoint it went on from; null = theta_0. */
    resumedFrom: uuid('resumed_from').references(() => checkpoints.id, { onDelete: 'set null' }),
  },
  (table) => [
    primaryKey({ columns: [table.runId, table.number] }),
    index('run_attempts_checkpoint').on(table.resumedFrom),
    oneOf('run_attempts_outcome', table.outcome, attemptOutcomes),
  ],
);

export type RunAttemptRow = typeof runAttempts.$inferSelect;
