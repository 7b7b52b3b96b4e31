/** What jobs told, in order. */
import { integer, jsonb, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { count64, createdAt } from './columns.ts';
import { jobs } from './jobs.ts';
import type { JobEventData, JobEventType } from './types.ts';

export const jobEvents = pgTable(
  'job_events',
  {
    jobId: uuid('job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    /** Counts from 1 without gaps, over all attempts. */
    seq: count64('seq').notNull(),
    attempt: integer('attempt').notNull(),
    createdAt: createdAt(),
    type: text('type').$type<JobEventType>().notNull(),
    data: jsonb('data').$type<JobEventData>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.jobId, table.seq] })],
);

export type JobEventRow = typeof jobEvents.$inferSelect;
