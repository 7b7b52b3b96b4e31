/**
 * The outbox of dispatch: a row for every job that waits to be delivered, or is in the hands of a process. Written in
 * the transaction that queues the job. Our own dispatcher delivers from here; another one takes the rows along.
 */
import { index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { createdAt, instant } from './columns.ts';

export const jobTickets = pgTable(
  'job_tickets',
  {
    jobId: uuid('job_id').primaryKey(),
    /** When it was enqueued; the order of tickets of one priority. */
    createdAt: createdAt(),
    kind: text('kind').notNull(),
    priority: integer('priority').notNull(),
    /** Id of the data folder whose host alone may take it; null = any host. */
    place: uuid('place'),
    /** Not delivered earlier. */
    notBefore: instant('not_before').notNull().defaultNow(),
    /** Names the delivery to the process that has it; null = it waits. Another dispatcher keeps its own handle here. */
    claim: uuid('claim'),
    /** End of the lease of that delivery; afterwards it is delivered again. */
    claimedUntil: instant('claimed_until'),
  },
  // In the order of delivery, and without what a claim or a heartbeat changes: these rewrite no index entry.
  (table) => [index('job_tickets_order').on(table.priority.desc().nullsFirst(), table.createdAt, table.jobId)],
);
