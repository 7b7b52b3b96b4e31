/** The lists of searches for a fusion and of their candidates. */
import { sql } from 'drizzle-orm';
import { fusionCandidates as candidates, fusionSearchesWithJobs as searches } from '../../db/schema.ts';
import { changed, column, columnEdge, edge, listOf, nounList, ofJob } from '../common/listing/define.ts';

export const fusionSearchList = nounList('fusionSearches', {
  called: 'searches',
  columns: {
    createdAt: column(searches.createdAt, 'time of its request'),
    ...changed(searches),
    ...ofJob(searches, ['state']),
    strategy: column(sql`(${searches.request} ->> 'strategy')`, 'strategy', { kind: 'enum' }),
    budget: column(sql`(${searches.request} ->> 'budget')::integer`, 'number of candidates at most', { kind: 'int' }),
  },
  edges: {
    model: columnEdge('Model', 'over checkpoints of', searches.modelId),
    checkpoint: edge(
      'Checkpoint',
      'over',
      (is) => sql`exists (select from jsonb_array_elements_text(${searches.request} -> 'checkpointIds') as part(id)
        where ${is(sql`part.id::uuid`)})`,
    ),
  },
});

export const candidateList = listOf('fusionCandidates', {
  table: candidates,
  key: column(candidates.number, 'number'),
  called: 'candidates',
  columns: {
    number: column(candidates.number, 'number'),
    createdAt: column(candidates.createdAt, 'time of its evaluation'),
    origin: column(candidates.origin, 'origin'),
    method: column(sql`(${candidates.plan} ->> 'method')`, 'method', { kind: 'enum', nullable: true }),
    score: column(candidates.score, 'joint score'),
    ir: column(candidates.ir, 'mean figure of IR'),
    sts: column(candidates.sts, 'mean figure of STS'),
    seconds: column(candidates.seconds, 'time it took'),
  },
  edges: { search: columnEdge('FusionSearch', 'of', candidates.searchId) },
  order: [{ field: 'number', direction: 'asc' }],
});
