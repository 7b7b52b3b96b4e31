/** The list of suites. */
import { sql } from 'drizzle-orm';
import { suiteEntries, suites } from '../../db/schema.ts';
import { changed, column, edge, nounList } from '../common/listing/define.ts';

export const suiteList = nounList('suites', {
  called: 'suites',
  columns: {
    createdAt: column(suites.createdAt, 'time of its making'),
    ...changed(suites),
    name: column(suites.name, 'name', { searched: true }),
  },
  edges: {
    dataset: edge(
      'Dataset',
      'with',
      (is) => sql`exists (select from ${suiteEntries}
        where ${suiteEntries.suiteId} = ${suites.id} and ${is(suiteEntries.datasetId)})`,
    ),
  },
});
