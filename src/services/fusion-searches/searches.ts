/** Searches for the best fusion: delete. */
import { globalId } from '../../db/global-id.ts';
import { jobs } from '../../db/schema.ts';
import type { Deletion } from '../common/editing/remove.ts';
import { deleteJobs } from '../jobs/delete.ts';
import { hasEnded } from '../jobs/job-state.ts';

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
