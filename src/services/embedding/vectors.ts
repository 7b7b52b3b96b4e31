/** Vectors in the API's forms: base64 of little-endian floats, shortened vectors, stored ones. */

import { and, eq, inArray, sql } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import { decodeVector } from '../../db/schema/vector.ts';
import { collections, documents, embeddings } from '../../db/schema.ts';
import { TandemError } from '../../errors.ts';
import type { Tandem } from '../tandem.ts';

/** Little-endian on every machine: the format of the OpenAI API and of numpy's '<f4'. */
export function base64Of(vector: Float32Array): string {
  const bytes = Buffer.allocUnsafe(4 * vector.length);
  for (const [i, value] of vector.entries()) bytes.writeFloatLE(value, 4 * i);
  return bytes.toString('base64');
}

/**
 * The leading components, normalised again (Kusupati et al. 2022, arXiv 2205.13147); the whole vector is returned as
 * it is.
 */
export function shorten(vector: Float32Array, dimensions: number): Float32Array {
  if (dimensions === vector.length) return vector;
  const head = vector.slice(0, dimensions);
  const norm = Math.max(Math.hypot(...head), 1e-12);
  return head.map((value) => value / norm);
}

export interface StoredVector {
  readonly dimension: number;
  readonly tokens: number;
  readonly truncated: boolean;
  readonly vector: Float32Array;
}

/** The stored vectors of documents, in the order of the ids. */
export async function vectorsOf(
  { database: { db } }: Tandem,
  documentIds: readonly string[],
): Promise<(StoredVector | TandemError)[]> {
  const rows = await db
    .select({
      id: documents.id,
      dimension: embeddings.dimension,
      tokens: embeddings.tokens,
      truncated: embeddings.truncated,
      vector: sql<string>`encode(vector_send(${embeddings.vector}), 'base64')`,
    })
    .from(documents)
    .innerJoin(collections, eq(collections.id, documents.collectionId))
    .innerJoin(
      embeddings,
      and(eq(embeddings.documentId, documents.id), eq(embeddings.checkpointId, collections.checkpointId)),
    )
    .where(inArray(documents.id, [...documentIds]));
  const found = new Map(rows.map((row) => [row.id, row]));
  return documentIds.map((id) => {
    const row = found.get(id);
    if (row === undefined)
      return new TandemError('NOT_FOUND', `The document ${globalId('Document', id)} has no vector`, {
        field: 'embedding',
      });
    return { ...row, vector: decodeVector(Buffer.from(row.vector, 'base64')) };
  });
}
