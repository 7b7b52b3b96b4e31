/**
 * pgvector's `vector` as a column of Float32Array. It goes to the server in pgvector's binary format (vector_recv:
 * int16 dimension, int16 0, then big-endian float4), because node-postgres sends a Buffer as a binary parameter.
 * Ordinary selects return decimal text, which is refused here: db/vectors.ts reads the binary format.
 */
import { customType } from 'drizzle-orm/pg-core';
import { invariant } from '../../errors.ts';

export const vector = customType<{ data: Float32Array; driverData: Buffer }>({
  dataType: () => 'vector',
  toDriver: encodeVector,
  fromDriver: () => {
    throw new Error('A vector was selected as text; use readVectors of db/vectors.ts. This is a bug in Tandem.');
  },
});

/** Binary form of a vector; a component that is not finite is refused by pgvector and never reaches a row. */
export function encodeVector(values: Float32Array): Buffer {
  const buffer = Buffer.allocUnsafe(4 + 4 * values.length);
  buffer.writeInt16BE(values.length, 0);
  buffer.writeInt16BE(0, 2);
  for (let i = 0; i < values.length; i++) buffer.writeFloatBE(values[i], 4 + 4 * i);
  return buffer;
}

/** The inverse of {@link encodeVector}, into `target` where one is given. */
export function decodeVector(buffer: Buffer, target = new Float32Array(buffer.readUInt16BE(0))): Float32Array {
  invariant(buffer.length === 4 + 4 * target.length, `A vector of ${buffer.length} bytes for ${target.length} places`);
  for (let i = 0; i < target.length; i++) target[i] = buffer.readFloatBE(4 + 4 * i);
  return target;
}
