/** Long work besides runs: imports, new models, evaluations, fusions, embedding of collections. */
import { index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { PlainError } from '../../errors.ts';
import { createdAt, id, idempotencyKey, instant, oneOf } from './columns.ts';
import type { JobProgress, Use } from './types.ts';

export const jobStates = ['RUNNING', 'INTERRUPTED', 'CANCELLED', 'FAILED', 'SUCCEEDED'] as const;
export type JobState = (typeof jobStates)[number];

export const jobKinds = [
  'import-dataset',
  'create-model',
  'evaluate',
  'fuse',
  'embed-collection',
  'export-checkpoint',
] as const;
export type JobKind = (typeof jobKinds)[number];

export const jobs = pgTable(
  'jobs',
  {
    id: id(),
    createdAt: createdAt(),
    idempotencyKey: idempotencyKey(),
    kind: text('kind', { enum: jobKinds }).notNull(),
    state: text('state', { enum: jobStates }).notNull().default('RUNNING'),
    /** What was asked for, for people and for the record. */
    input: jsonb('input').$type<Readonly<Record<string, unknown>>>().notNull(),
    /** What it uses while it runs. Versions up to 0.2.0 wrote none. */
    uses: jsonb('uses').$type<readonly Use[]>().notNull().default([]),
    /** Id of the row it made, once it succeeded. */
    resultId: uuid('result_id'),
    error: jsonb('error').$type<PlainError>(),
    progress: jsonb('progress').$type<JobProgress>(),
    host: text('host').notNull(),
    pid: integer('pid').notNull(),
    heartbeatAt: instant('heartbeat_at').notNull().defaultNow(),
    finishedAt: instant('finished_at'),
  },
  (table) => [
    index('jobs_state').on(table.state),
    oneOf('jobs_state_is_known', table.state, jobStates),
    oneOf('jobs_kind', table.kind, jobKinds),
  ],
);

export type JobRow = typeof jobs.$inferSelect;
