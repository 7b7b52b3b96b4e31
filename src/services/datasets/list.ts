/** The list of data set versions. */
import { sql } from 'drizzle-orm';
import { datasets } from '../../db/schema.ts';
import { column, edited, nounList } from '../common/listing/define.ts';

const total = (counts: typeof datasets.counts | typeof datasets.documentCounts) =>
  sql`((${counts} ->> 'train')::bigint + (${counts} ->> 'dev')::bigint + (${counts} ->> 'test')::bigint)`;

export const datasetList = nounList('datasets', {
  called: 'data sets',
  columns: {
    createdAt: column(datasets.createdAt, 'time of its import'),
    name: column(datasets.name, 'name', { searched: true }),
    ...edited(datasets),
    version: column(datasets.version, 'version'),
    task: column(datasets.task, 'task'),
    digest: column(datasets.digest, 'digest'),
    bytes: column(datasets.bytes, 'size in bytes'),
    records: column(total(datasets.counts), 'number of records', { kind: 'int64' }),
    importer: column(datasets.importer, 'importer', { kind: 'enum' }),
    source: column(datasets.source, 'source', { searched: true }),
    domain: column(datasets.domain, 'domain', { searched: true }),
    language: column(datasets.language, 'language tag', { searched: true }),
  },
  conditions: {
    derivedFrom: {
      says: 'Only data sets that say they are derived from the one of this name',
      where: (name) => sql`${datasets.derivedFrom} @> ${JSON.stringify([name])}::jsonb`,
    },
  },
});
