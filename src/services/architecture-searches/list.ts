/** The list of searches over architectures. */
import { architectureSearchesWithJobs as searches } from '../../db/schema.ts';
import { changed, column, columnEdge, nounList } from '../common/listing/define.ts';

const changes = { changes: true };

export const architectureSearchList = nounList('architectureSearches', {
  called: 'searches',
  columns: {
    createdAt: column(searches.createdAt, 'time of its request'),
    ...changed(searches),
    name: column(searches.name, 'name', { searched: true }),
    state: column(searches.state, 'state', { kind: 'enum', nullable: false, ...changes }),
    configurations: column(searches.configurations, 'number of configurations asked for'),
    steps: column(searches.steps, 'number of updates at the last rung'),
    startedAt: column(searches.startedAt, 'time at which the first attempt began', changes),
    finishedAt: column(searches.finishedAt, 'time of its end', changes),
  },
  edges: {
    model: columnEdge('Model', 'from', searches.modelId),
    teacher: columnEdge('Checkpoint', 'whose runs learn from', searches.teacherId),
  },
});
