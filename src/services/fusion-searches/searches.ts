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
import { isEqual } from '../common/condition.ts';
import type { Deletion } from '../common/editing/remove.ts';
import type { Page, Window } from '../common/page.ts';
import { pageOf } from '../common/rows.ts';
import { deleteJobs } from '../jobs/delete.ts';
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

/** A search that has ended goes with its candidates and its job; checkpoints that were fused from it stay. */
export const deletion: Deletion<'fusionSearches'> = {
  noun: 'fusionSearches',
  locked: jobs,
  refusal: async (_tx, { id, state }) =>
    hasEnded({ kind: 'search-fusion', state })
      ? null
      : {
          message: `The search ${globalId('FusionSearch', id)} is ${state}`,
          expected: 'a search that has ended',
          remedy: 'Cancel its job first.',
        },
  remove: deleteJobs,
};
