/** The revision of a collection, by which the files made of its vectors are told apart. */
import { eq, sql } from 'drizzle-orm';
import { notFound } from '../errors.ts';
import type { Transaction } from './handle.ts';
import { type CollectionRow, collections } from './tables.ts';

/**
 * Counts it up. First of all writes to a collection: it locks the collection's row, so that writers of the same
 * documents wait and never deadlock.
 */
export async function nextRevision(tx: Transaction, collectionId: string): Promise<CollectionRow> {
  const [collection] = await tx
    .update(collections)
    .set({ revision: sql`${collections.revision} + 1` })
    .where(eq(collections.id, collectionId))
    .returning();
  if (collection) return collection;
  throw notFound(`There is no collection with the key ${collectionId}`, {
    field: 'input.collection',
    expected: 'the id of a collection that exists',
    remedy: 'List them with the query `collections`; it may have been deleted.',
  });
}
