/** Deleting jobs, and the runs and searches that have the id of theirs: with their attempts, events and rows. */
import { inArray } from 'drizzle-orm';
import type { Transaction } from '../../db/open.ts';
import { jobs } from '../../db/schema.ts';
import type { Freed } from '../common/editing/remove.ts';

export async function deleteJobs(tx: Transaction, rows: readonly { readonly id: string }[]): Promise<Freed> {
  const ids = rows.map(({ id }) => id);
  await tx.delete(jobs).where(inArray(jobs.id, ids));
  return {};
}
