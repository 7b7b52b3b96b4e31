/** Collections: make, list, delete. */

import { eq, inArray } from 'drizzle-orm';
import { type CollectionRow, collections } from '../../db/schema.ts';
import { badInput, conflict, invariant } from '../../errors.ts';
import { jobsUsing } from '../../retention/uses.ts';
import { encoderOf } from '../checkpoints/checkpoints.ts';
import { type Deletion, inUse } from '../common/editing/remove.ts';
import { requireSameRequest } from '../common/idempotency.ts';
import { byIdempotencyKey } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';
import { dropSegment } from './segments.ts';

export interface CreateRequest {
  readonly name: string;
  readonly checkpointId: string;
  readonly idempotencyKey?: string | null;
}

/** Dimensions of a vector column (pgvector). */
const mostDimensions = 16_000;

export async function create(tandem: Tandem, request: CreateRequest): Promise<CollectionRow> {
  const { checkpoint, model } = await encoderOf(tandem, request.checkpointId, 'input.checkpoint');
  const name = request.name.trim();
  if (model.dimension > mostDimensions) {
    throw badInput(`The model "${model.name}" gives vectors of ${model.dimension} dimensions`, {
      field: 'input.checkpoint',
      expected: `at most ${mostDimensions} dimensions, which is what pgvector stores`,
      remedy: 'Take a checkpoint of a model with shorter vectors, such as one with fewer pooling modes.',
    });
  }
  return tandem.database.db.transaction(async (tx) => {
    const before = await byIdempotencyKey(tx, 'collections', request.idempotencyKey);
    if (before) {
      const asked = { name: before.madeAs ?? before.name, checkpointId: before.checkpointId };
      requireSameRequest(asked, { name, checkpointId: checkpoint.id });
      return before;
    }
    const taken = await tx.select({ id: collections.id }).from(collections).where(eq(collections.name, name)).limit(1);
    if (taken.length > 0) {
      throw conflict(`There is a collection "${name}" already`, {
        field: 'input.name',
        expected: 'a name that is not taken',
        remedy: 'Choose another name, add to the collection, or delete it.',
      });
    }
    const values = { name, checkpointId: checkpoint.id, dimension: model.dimension };
    const [row] = await tx
      .insert(collections)
      .values({ ...values, idempotencyKey: request.idempotencyKey ?? null })
      .returning();
    invariant(row, 'an insert returned nothing');
    return row;
  });
}

/** A collection goes with its documents and vectors. */
export const deletion: Deletion<'collections'> = {
  noun: 'collections',
  locked: collections,
  refusal: async (tx, { id, name }) => inUse(`collection "${name}"`, await jobsUsing(tx, [{ kind: 'collection', id }])),
  async remove(tx, rows) {
    const ids = rows.map(({ id }) => id);
    await tx.delete(collections).where(inArray(collections.id, ids));
    return {};
  },
  async after(tandem, rows) {
    for (const { id } of rows) await dropSegment(tandem, id);
  },
};
