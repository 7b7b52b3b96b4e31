/** The candidates of a search as its rows keep them. */
import { eq } from 'drizzle-orm';
import type { Executor } from '../../db/open.ts';
import { type FusionCandidateRow, fusionCandidates } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import type { Candidate, Scored } from '../../fusion/search/types.ts';

/** In the order in which they were tried. */
export const candidatesOf = (db: Executor, searchId: string): Promise<FusionCandidateRow[]> =>
  db.select().from(fusionCandidates).where(eq(fusionCandidates.searchId, searchId)).orderBy(fusionCandidates.number);

export const scoredOf = (row: FusionCandidateRow): Scored => ({ candidate: candidateOf(row), score: row.score });

export function candidateOf({ origin, checkpoint, plan }: FusionCandidateRow): Candidate {
  if (origin === 'single') {
    invariant(checkpoint !== null, 'a single candidate without its checkpoint');
    return { origin, checkpoint };
  }
  invariant(plan !== null, 'a fused candidate without its plan');
  return { origin, plan };
}
