/** The lists of collections and of their documents. */
import { sql } from 'drizzle-orm';
import { collections, documents } from '../../db/schema.ts';
import { changed, column, columnEdge, edited, nounList } from '../common/listing/define.ts';

export const collectionList = nounList('collections', {
  called: 'collections',
  columns: {
    createdAt: column(collections.createdAt, 'time of its making'),
    name: column(collections.name, 'name', { searched: true }),
    ...edited(collections),
    dimension: column(collections.dimension, 'number of values in its vectors'),
  },
  edges: { checkpoint: columnEdge('Checkpoint', 'embedded by', collections.checkpointId) },
});

export const documentList = nounList('documents', {
  called: 'documents',
  columns: {
    added: column(documents.ordinal, 'order of arrival', { filtered: false }),
    createdAt: column(documents.createdAt, 'time at which it was added'),
    ...changed(documents),
    key: column(documents.key, 'key', { searched: true }),
    text: column(documents.text, 'text', { searched: true }),
    length: column(sql`length(${documents.text})`, 'number of characters of the text', { kind: 'int' }),
  },
  edges: { collection: columnEdge('Collection', 'of the collection', documents.collectionId) },
  order: [{ field: 'added', direction: 'asc' }],
});
