/**
 * Collections of documents and their vectors. Postgres is the truth; segments in storage/ are made from it.
 * A vector has the dimension of its collection: pgvector's `vector` without a fixed size, checked by a constraint.
 */
import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, jsonb, pgTable, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core';
import { checkpoints } from './checkpoints.ts';
import { count64, createdAt, id, idempotencyKey, madeAs, notes, tags, updatedAt } from './columns.ts';
import { vector } from './vector.ts';

export const collections = pgTable(
  'collections',
  {
    id: id(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    idempotencyKey: idempotencyKey(),
    name: text('name').notNull(),
    madeAs: madeAs(),
    notes: notes(),
    tags: tags(),
    /** What embeds its documents and queries. */
    checkpointId: uuid('checkpoint_id')
      .notNull()
      .references(() => checkpoints.id),
    dimension: integer('dimension').notNull(),
    /** Counts every change of its vectors: a segment made from an older revision is stale. */
    revision: count64('revision').notNull().default(0),
  },
  (table) => [
    unique('collections_name').on(table.name),
    index('collections_checkpoint').on(table.checkpointId),
    check('collections_dimension', sql`${table.dimension} > 0`),
  ],
);

export const documents = pgTable(
  'documents',
  {
    id: id(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    collectionId: uuid('collection_id')
      .notNull()
      .references(() => collections.id, { onDelete: 'cascade' }),
    /** Order of arrival: the row order of segments. */
    ordinal: count64('ordinal').notNull().generatedAlwaysAsIdentity(),
    /** The caller's own id of the document. */
    key: text('key').notNull(),
    text: text('text').notNull(),
    metadata: jsonb('metadata').$type<Readonly<Record<string, unknown>>>(),
  },
  (table) => [
    unique('documents_key').on(table.collectionId, table.key),
    unique('documents_ordinal').on(table.collectionId, table.ordinal),
  ],
);

export const embeddings = pgTable(
  'embeddings',
  {
    documentId: uuid('document_id')
      .notNull()
      .references(() => documents.id, { onDelete: 'cascade' }),
    checkpointId: uuid('checkpoint_id')
      .notNull()
      .references(() => checkpoints.id),
    createdAt: createdAt(),
    dimension: integer('dimension').notNull(),
    /** Written as binary parameter, read by db/vectors.ts: never decimal text. */
    vector: vector('vector').notNull(),
    tokens: integer('tokens').notNull(),
    truncated: boolean('truncated').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.documentId, table.checkpointId] }),
    index('embeddings_checkpoint').on(table.checkpointId),
    check('embeddings_dimension', sql`vector_dims(${table.vector}) = ${table.dimension}`),
  ],
);

export type CollectionRow = typeof collections.$inferSelect;
export type NewCollection = typeof collections.$inferInsert;
export type DocumentRow = typeof documents.$inferSelect;
export type NewDocument = typeof documents.$inferInsert;
export type NewEmbedding = typeof embeddings.$inferInsert;
