/** Collections of documents: embedded once, searched often. */
import { z } from 'zod';
import type { CollectionRow, DocumentRow } from '../../db/schema.ts';
import * as collections from '../../services/collections/collections.ts';
import { addDocuments, deleteDocuments } from '../../services/collections/documents.ts';
import { collectionList, documentList } from '../../services/collections/list.ts';
import { search } from '../../services/collections/search.ts';
import { base64Of, type StoredVector, vectorsOf } from '../../services/embedding/vectors.ts';
import { builder } from '../builder.ts';
import { keyOf } from '../ids.ts';
import { defineList } from '../lists/field.ts';
import { lookup } from '../lists/lookup.ts';
import { longPayload, madeField, waitArg } from '../long.ts';
import { connections, refs } from '../nouns.ts';
import { CheckpointChoice, checkpointIdIf, checkpointIdOf, idempotencyKey, nameSchema } from './common.ts';
import { AddDocumentsInput } from './document-inputs.ts';
import { EmbeddingReportObject } from './embedding.ts';

const { Checkpoint, Collection, Document } = refs;
const { Collection: CollectionConnection, Document: DocumentConnection } = connections;

Collection.implement({
  description: 'A collection of documents, embedded by one checkpoint, that can be searched.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the collection; no two have the same.' }),
    checkpoint: t.field({
      type: Checkpoint,
      description: 'The checkpoint that embeds its documents and queries: by its head of IR, where it has one.',
      resolve: (row) => row.checkpointId,
    }),
    dimension: t.exposeInt('dimension', { description: 'The number of values in its vectors.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the collection was made.' }),
  }),
});

const DocumentEmbedding = builder.objectRef<StoredVector>('DocumentEmbedding').implement({
  description: 'The stored vector of a document, of length 1.',
  fields: (t) => ({
    dimension: t.exposeInt('dimension', { description: 'The number of values in the vector.' }),
    tokens: t.exposeInt('tokens', { description: 'Tokens of the document, prompt included.' }),
    truncated: t.exposeBoolean('truncated', {
      description: 'Whether the document was cut at the longest length of the model.',
    }),
    base64: t.string({
      description: 'The vector as base64 of little-endian 32-bit floats.',
      resolve: ({ vector }) => base64Of(vector),
    }),
    values: t.floatList({
      description: 'The vector as numbers: several times larger than base64.',
      resolve: ({ vector }) => [...vector],
    }),
  }),
});

Document.implement({
  description: 'A document of a collection.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'The key that the client gave the document, unique in its collection.' }),
    text: t.exposeString('text', { description: 'The text of the document.' }),
    metadata: t.expose('metadata', {
      type: 'JSON',
      nullable: true,
      description: 'The JSON object given with the document; null if none was given.',
    }),
    collection: t.field({
      type: Collection,
      description: 'The collection that holds the document.',
      resolve: (row) => row.collectionId,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was added.' }),
    embedding: t.loadable({
      type: DocumentEmbedding,
      description: 'The vector of the document.',
      load: (ids: string[], { tandem }) => vectorsOf(tandem, ids),
      resolve: (row) => row.id,
    }),
  }),
});

const Hit = builder.objectRef<Awaited<ReturnType<typeof search>>['hits'][number]>('SearchHit').implement({
  description: 'A document that was found.',
  fields: (t) => ({
    document: t.expose('document', { type: Document, description: 'The document that was found.' }),
    score: t.exposeFloat('score', { description: 'Cosine of query and document, from -1 to 1.' }),
    rank: t.exposeInt('rank', { description: 'The rank of the hit, counted from 1, best first.' }),
  }),
});

const SearchResult = builder.objectRef<Awaited<ReturnType<typeof search>>>('SearchResult').implement({
  description: 'The result of a search.',
  fields: (t) => ({
    hits: t.field({
      type: [Hit],
      description: 'The documents that were found, best first.',
      resolve: ({ hits }) => [...hits],
    }),
    searched: t.exposeInt('searched', { description: 'The number of documents compared: all of the collection.' }),
    report: t.expose('report', { type: EmbeddingReportObject, description: 'How the query was embedded.' }),
  }),
});

const collectionsOf = defineList<CollectionRow>(collectionList, 'Collection', Collection, CollectionConnection);
const documentsOf = defineList<DocumentRow>(documentList, 'Document', Document, DocumentConnection);

builder.objectField(Collection, 'documents', (t) =>
  documentsOf.part(t, { edge: 'collection', description: 'The documents of the collection.' }),
);
builder.objectField(Checkpoint, 'collections', (t) =>
  collectionsOf.part(t, { edge: 'checkpoint', description: 'The collections that the checkpoint embeds.' }),
);

builder.queryFields((t) => ({
  collections: collectionsOf.whole(t, 'The collections, newest first.'),
  collection: lookup(t, 'Collection', 'a collection'),
  document: lookup(t, 'Document', 'a document of a collection'),
  search: t.field({
    type: SearchResult,
    description: 'Searches a collection exactly: the query is compared with every document.',
    args: {
      collection: t.arg.id({ required: true, description: 'Id of a collection.' }),
      query: t.arg.string({ required: true, description: 'The text to search for.' }),
      k: t.arg.int({
        required: true,
        defaultValue: 10,
        description: 'The largest number of hits, from 1 to 1000.',
        validate: z.number().int().min(1).max(1000),
      }),
      instruction: t.arg.string({
        required: true,
        defaultValue: '',
        description: 'Task instruction, for the models whose template has a place for it.',
      }),
    },
    resolve: (_root, { collection, ...input }, { tandem, signal }) =>
      search(tandem, { ...input, collectionId: keyOf(collection, 'Collection', 'collection').key }, signal),
  }),
}));

const CreateCollectionInput = builder.inputType('CreateCollectionInput', {
  description: 'A new collection.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: 'The name of the collection, 1 to 200 characters, not yet taken.',
      validate: nameSchema,
    }),
    checkpoint: t.field({
      type: CheckpointChoice,
      required: true,
      description: 'The checkpoint that embeds its documents and queries: by its head of IR, where it has one.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});

const CreateCollectionPayload = builder.objectRef<{ collection: CollectionRow }>('CreateCollectionPayload').implement({
  description: 'The result of createCollection.',
  fields: (t) => ({
    collection: t.expose('collection', {
      type: Collection,
      description: 'The collection that was created or changed.',
    }),
  }),
});

const AddDocumentsPayload = longPayload('AddDocumentsPayload', 'embed-collection', {
  description: 'The result of addDocuments.',
  job: 'The job that embedded the documents.',
  made([done]) {
    const report = done?.answer && { ...done.answer, checkpoint: done.answer.checkpointId };
    return { collection: done?.id, added: report?.added, replaced: report?.replaced, report };
  },
  fields: (t) => ({
    collection: t.expose('collection', {
      type: Collection,
      ...madeField('The collection that was created or changed.'),
    }),
    added: t.exposeInt('added', madeField('The number of new documents.')),
    replaced: t.exposeInt('replaced', madeField('The number of documents that replaced one of the same key.')),
    report: t.expose('report', { type: EmbeddingReportObject, ...madeField('How the documents were embedded.') }),
  }),
});

const DeleteDocumentsInput = builder.inputType('DeleteDocumentsInput', {
  description: 'Documents to delete.',
  fields: (t) => ({
    collection: t.id({ required: true, description: 'Id of a collection.' }),
    keys: t.stringList({ required: true, description: 'The keys of the documents to delete.' }),
  }),
});

const DeleteDocumentsPayload = builder
  .objectRef<Awaited<ReturnType<typeof deleteDocuments>>>('DeleteDocumentsPayload')
  .implement({
    description: 'The result of deleteDocuments.',
    fields: (t) => ({
      collection: t.expose('collection', {
        type: Collection,
        description: 'The collection that was created or changed.',
      }),
      deleted: t.exposeInt('deleted', { description: 'The number of deleted documents.' }),
      unknownKeys: t.exposeStringList('unknownKeys', { description: 'The given keys that no document had.' }),
    }),
  });

builder.mutationFields((t) => ({
  createCollection: t.field({
    type: CreateCollectionPayload,
    description: 'Makes an empty collection.',
    args: { input: t.arg({ type: CreateCollectionInput, required: true, description: 'The collection to make.' }) },
    resolve: async (_root, { input }, { tandem }) => ({
      collection: await collections.create(tandem, {
        ...input,
        checkpointId: await checkpointIdOf(tandem, input.checkpoint, 'input.checkpoint'),
      }),
    }),
  }),
  addDocuments: t.field({
    type: AddDocumentsPayload.ref,
    description: 'Embeds documents into a collection and waits until they can be found; all of them or none.',
    args: {
      input: t.arg({ type: AddDocumentsInput, required: true, description: 'The documents and their collection.' }),
      wait: waitArg(t.arg),
    },
    resolve: async (_root, { input: { checkpoint, collection, ...input }, wait }, { tandem }) => {
      const collectionId = keyOf(collection, 'Collection', 'input.collection').key;
      const checkpointId = await checkpointIdIf(tandem, checkpoint, 'input.checkpoint');
      return AddDocumentsPayload.answer(
        tandem,
        wait,
        await addDocuments(tandem, { ...input, collectionId, checkpointId }),
      );
    },
  }),
  deleteDocuments: t.field({
    type: DeleteDocumentsPayload,
    description: 'Deletes documents of a collection.',
    args: { input: t.arg({ type: DeleteDocumentsInput, required: true, description: 'The documents to delete.' }) },
    resolve: (_root, { input }, { tandem }) =>
      deleteDocuments(tandem, keyOf(input.collection, 'Collection', 'input.collection').key, input.keys),
  }),
}));
