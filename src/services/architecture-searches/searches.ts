/** Searches over architectures: list, resume, delete. */
import { and, eq, or } from 'drizzle-orm';
import { type ArchitectureSearchRow, jobs as jobRows } from '../../db/schema.ts';
import { conflict } from '../../errors.ts';
import type { Deletion } from '../common/editing/remove.ts';
import { requireRow } from '../common/rows.ts';
import { deleteJobs } from '../jobs/delete.ts';
import { isTerminal } from '../runs/run-state.ts';
import type { Tandem } from '../tandem.ts';

/** Resumes the interrupted runs of a search, and the search itself where that was interrupted between rungs. */
export async function resume(
  tandem: Tandem,
  id: string,
  options: { readonly allowDifferentAdapter: boolean },
): Promise<ArchitectureSearchRow> {
  const { db } = tandem.database;
  const { name, state } = await requireRow(db, 'architectureSearches', id);
  if (state !== 'INTERRUPTED') {
    throw conflict(`The architecture search "${name}" is ${state}`, {
      field: 'id',
      expected: 'a search that is INTERRUPTED, or one of whose runs is',
      remedy: 'Only an interrupted search can be resumed.',
    });
  }
  const interrupted = and(eq(jobRows.state, 'INTERRUPTED'), or(eq(jobRows.partOf, id), eq(jobRows.id, id)));
  const jobs = await db.select({ id: jobRows.id }).from(jobRows).where(interrupted);
  for (const job of jobs) await (job.id === id ? tandem.jobs.resumeSearch(id) : tandem.jobs.resumeRun(job.id, options));
  return requireRow(db, 'architectureSearches', id);
}

/** A search that has ended goes with its figures. Its runs and the models that were derived for it stay. */
export const deletion: Deletion<'architectureSearches'> = {
  noun: 'architectureSearches',
  locked: jobRows,
  refusal: async (_tx, { name, state }) =>
    isTerminal(state)
      ? null
      : {
          message: `The architecture search "${name}" is ${state}`,
          expected: 'a search that has ended',
          remedy: 'Cancel its job first.',
        },
  remove: deleteJobs,
};
