/**
 * Vectors of a collection, written and read in pgvector's binary format: no number passes through decimal text.
 * Called by services/ to store embeddings and to make segments.
 */

import { and, eq, gt, sql } from 'drizzle-orm';
import { badInput, invariant } from '../errors.ts';
import { globalId } from './global-id.ts';
import type { Executor } from './handle.ts';
import { decodeVector } from './schema/vector.ts';
import { documents, embeddings } from './schema.ts';

export interface StoredVector {
  readonly documentId: string;
  readonly tokens: number;
  readonly truncated: boolean;
}

/** Rows of a segment in its order (ordinal); `data` is [count, dimension]. */
export interface VectorPage {
  readonly documentIds: readonly string[];
  readonly data: Float32Array;
  readonly count: number;
  /** Ordinal of the last row: where the next page begins after. */
  readonly last: number;
}

/** Postgres takes at most 65535 parameters a statement; six a row. */
const rowsPerInsert = 1_000;

/** What a second vector of the same document and checkpoint sets. */
const replacement = {
  dimension: sql`excluded.dimension`,
  vector: sql`excluded.vector`,
  tokens: sql`excluded.tokens`,
  truncated: sql`excluded.truncated`,
};

/** Stores vectors [rows.length, dimension] of one checkpoint, replacing those the documents had of it. */
export async function storeVectors(
  executor: Executor,
  checkpointId: string,
  rows: readonly StoredVector[],
  { data, dimension }: { readonly data: Float32Array; readonly dimension: number },
): Promise<void> {
  invariant(data.length === rows.length * dimension, `${data.length} numbers for ${rows.length} x ${dimension}`);
  for (let start = 0; start < rows.length; start += rowsPerInsert) {
    const values = rows.slice(start, start + rowsPerInsert).map((row, i) => {
      const vector = data.subarray((start + i) * dimension, (start + i + 1) * dimension);
      refuseNonFinite(vector, row.documentId);
      return { ...row, checkpointId, dimension, vector };
    });
    await executor
      .insert(embeddings)
      .values(values)
      .onConflictDoUpdate({ target: [embeddings.documentId, embeddings.checkpointId], set: replacement });
  }
}

function refuseNonFinite(vector: Float32Array, documentId: string): void {
  if (vector.every(Number.isFinite)) return;
  throw badInput(`The vector of document ${globalId('Document', documentId)} has a component that is not finite`, {
    field: globalId('Document', documentId),
    expected: 'finite numbers',
    remedy: 'The checkpoint is damaged or diverged; embed with another one.',
  });
}

/**
 * Reads up to `limit` vectors after `after` in the order of arrival; an empty page is the end. The driver decodes every
 * result column as UTF-8, binary ones too, so the bytes of vector_send come as base64.
 */
export async function readVectors(
  executor: Executor,
  collectionId: string,
  checkpointId: string,
  {
    dimension,
    after = 0,
    limit = 4_096,
  }: { readonly dimension: number; readonly after?: number; readonly limit?: number },
): Promise<VectorPage> {
  const rows = await executor
    .select({
      documentId: documents.id,
      ordinal: documents.ordinal,
      vector: sql<string>`encode(vector_send(${embeddings.vector}), 'base64')`,
    })
    .from(documents)
    .innerJoin(embeddings, eq(embeddings.documentId, documents.id))
    .where(
      and(
        eq(documents.collectionId, collectionId),
        eq(embeddings.checkpointId, checkpointId),
        gt(documents.ordinal, after),
      ),
    )
    .orderBy(documents.ordinal)
    .limit(limit);
  const data = new Float32Array(rows.length * dimension);
  for (const [i, row] of rows.entries()) {
    decodeVector(Buffer.from(row.vector, 'base64'), data.subarray(i * dimension, (i + 1) * dimension));
  }
  const last = rows.at(-1)?.ordinal ?? after;
  return { documentIds: rows.map((row) => row.documentId), data, count: rows.length, last };
}
