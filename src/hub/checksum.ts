/** The two kinds of checksums that a hub gives its files. */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { HubFile } from './types.ts';

/** The hash that the file's bytes go into: sha256, or git's blob id (sha1 over `blob <size> NUL` and the bytes). */
function hashFor({ etag, size }: Pick<HubFile, 'etag' | 'size'>): Hash {
  return etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
}

/** Updates the hash with a file's bytes and returns their number; 0 if there is no such file. */
async function feed(hash: Hash, path: string): Promise<number> {
  let bytes = 0;
  const counted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      hash.update(chunk);
    }
    yield* [];
  };
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), counted);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return bytes;
}

/** True if the file exists and has the size and checksum that the hub lists. */
export async function holds(path: string, file: HubFile): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== file.size) return false;
  const hash = hashFor(file);
  await feed(hash, path);
  return hash.digest('hex') === file.etag;
}
