/** The list of searches over architectures. */
import { architectureSearchesWithJobs as searches } from '../../db/schema.ts';
import { changed, column, columnEdge, nounList, ofJob } from '../common/listing/define.ts';

export const architectureSearchList = nounList('architectureSearches', {
  called: 'searches',
  columns: {
    createdAt: column(searches.createdAt, 'time of its request'),
    ...changed(searches),
    name: column(searches.name, 'name', { searched: true }),
    ...ofJob(searches, ['state', 'startedAt', 'finishedAt']),
    configurations: column(searches.configurations, 'number of configurations asked for'),
    steps: column(searches.steps, 'number of updates at the last rung'),
  },
  edges: {
    model: columnEdge('Model', 'from', searches.modelId),
    teacher: columnEdge('Checkpoint', 'whose runs learn from', searches.teacherId),
  },
});
