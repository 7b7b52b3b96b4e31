/** Searches for the best fusion: list, their candidates, delete. */
import { count, desc, eq } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import {
  type FusionCandidateRow,
  type FusionSearchRow,
  fusionCandidates,
  fusionSearchesWithJobs as fusionSearches,
  jobs,
} from '../../db/schema.ts';
import { conflict } from '../../errors.ts';
import { isEqual } from '../common/condition.ts';
import type { Page, Window } from '../common/page.ts';
import { pageOf, requireRow } from '../common/rows.ts';
import { hasEnded } from '../jobs/job-state.ts';
import type { Tandem } from '../tandem.ts';

export function list(
  tandem: Tandem,
  { modelId }: { readonly modelId?: string | undefined },
  window: Window,
): Promise<Page<FusionSearchRow>> {
  const order = [desc(fusionSearches.createdAt), desc(fusionSearches.id)];
  return pageOf(tandem, 'fusionSearches', [isEqual(fusionSearches.modelId, modelId)], order, window);
}

/** Candidates of a search in the order in which they were tried. */
export async function candidatePage(
  { database: { db } }: Tandem,
  searchId: string,
  { offset, limit }: Window,
): Promise<Page<FusionCandidateRow>> {
  const own = eq(fusionCandidates.searchId, searchId);
  const [total] = await db.select({ count: count() }).from(fusionCandidates).where(own);
  const totalCount = total?.count ?? 0;
  if (limit === 0 || offset >= totalCount) return { items: [], totalCount };
  const rows = db.select().from(fusionCandidates).where(own).orderBy(fusionCandidates.number);
  return { items: await rows.limit(limit).offset(offset), totalCount };
}

/** Deletes a search that has ended, with its candidates and its job; checkpoints that were fused from it stay. */
export async function remove({ database: { db } }: Tandem, id: string): Promise<void> {
  await db.transaction(async (tx) => {
    await requireRow(tx, 'fusionSearches', id);
    const [job] = await tx.select().from(jobs).where(eq(jobs.id, id)).for('update');
    if (job && !hasEnded(job)) {
      throw conflict(`The search ${globalId('FusionSearch', id)} is ${job.state}`, {
        field: 'id',
        expected: 'a search that has ended',
        remedy: 'Cancel its job first.',
      });
    }
    await tx.delete(jobs).where(eq(jobs.id, id));
  });
}
