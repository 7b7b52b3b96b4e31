/** The revision of a collection, by which the files made of its vectors are told apart. */
import { eq, sql } from 'drizzle-orm';
import { invariant } from '../errors.ts';
import type { Transaction } from './handle.ts';
import { requireRow } from './rows.ts';
import { type CollectionRow, collections } from './tables.ts';

/**
 * Counts it up. First of all writes to a collection: it locks the collection's row, so that writers of the same
 * documents wait and never deadlock.
 */
export async function nextRevision(tx: Transaction, collectionId: string): Promise<CollectionRow> {
  await requireRow(tx, 'collections', collectionId, 'input.collection');
  const [collection] = await tx
    .update(collections)
    .set({ revision: sql`${collections.revision} + 1` })
    .where(eq(collections.id, collectionId))
    .returning();
  invariant(collection, 'an update returned nothing');
  return collection;
}
