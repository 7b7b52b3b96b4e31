/**
 * A collection's vectors as one binary file that the device thread keeps resident: f32 little-endian [count, dimension]
 * in the order of arrival. Postgres is the truth; a segment is made again when the collection's revision has moved on.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { CollectionRow } from '../../db/schema.ts';
import { readVectors } from '../../db/vectors.ts';
import { exclusively } from '../../storage/exclusive.ts';
import type { Tandem } from '../tandem.ts';

export interface Segment {
  /** Name of the file in storage, new with every revision. */
  readonly key: string;
  readonly path: string;
  /** Of the file, hex. */
  readonly sha256: string;
  readonly count: number;
  readonly dimension: number;
  /** The document of each row. */
  readonly documentIds: readonly string[];
}

/** Segments made by this process, the newest per collection; others are stale files. */
const segments = new WeakMap<Tandem, Map<string, { readonly revision: number; readonly segment: Segment }>>();

function known(tandem: Tandem) {
  const map = segments.get(tandem) ?? new Map<string, { revision: number; segment: Segment }>();
  segments.set(tandem, map);
  return map;
}

const lockOf = ({ id }: { readonly id: string }): string => `segment ${id}`;

/**
 * The segment of a collection as it is now, or newer; `lost` = key of one whose file was found missing or damaged.
 * Aborted, it neither starts to make one nor goes on; the next caller in the queue makes it then.
 */
export function segmentOf(
  tandem: Tandem,
  collection: CollectionRow,
  { signal, lost }: { readonly signal: AbortSignal; readonly lost?: string },
): Promise<Segment> {
  return exclusively(
    lockOf(collection),
    async () => {
      const current = known(tandem).get(collection.id);
      if (current && current.revision >= collection.revision && current.segment.key !== lost) return current.segment;
      const segment = await build(tandem, collection, signal);
      known(tandem).set(collection.id, { revision: collection.revision, segment });
      if (current && current.segment.key !== segment.key) await forget(tandem, current.segment.key);
      return segment;
    },
    signal,
  );
}

async function build(
  tandem: Tandem,
  { id, checkpointId, dimension, revision }: CollectionRow,
  signal: AbortSignal,
): Promise<Segment> {
  const { storage, database } = tandem;
  const key = `${id}-${revision}.f32`;
  const staged = await storage.stage();
  const documentIds: string[] = [];
  const hash = createHash('sha256');
  try {
    const file = await open(join(staged, 'vectors'), 'wx');
    try {
      for (let after = 0; ; ) {
        signal.throwIfAborted();
        const page = await readVectors(database.db, id, checkpointId, { dimension, after });
        if (page.count === 0) break;
        documentIds.push(...page.documentIds);
        const bytes = littleEndian(page.data);
        hash.update(bytes);
        await file.writeFile(bytes);
        after = page.last;
      }
    } finally {
      await file.close();
    }
    await storage.remove('segments', key);
    await storage.publishFile('segments', join(staged, 'vectors'), key);
  } finally {
    await storage.discard(staged);
  }
  return {
    key,
    path: storage.path('segments', key),
    sha256: hash.digest('hex'),
    count: documentIds.length,
    dimension,
    documentIds,
  };
}

function littleEndian(data: Float32Array): Buffer {
  const bytes = Buffer.allocUnsafe(4 * data.length);
  for (const [i, value] of data.entries()) bytes.writeFloatLE(value, 4 * i);
  return bytes;
}

/** A device that is not there holds nothing and keeps no file. */
async function forget({ jobs, storage }: Tandem, key: string): Promise<void> {
  await jobs.device.call('forget', { segment: key }).catch(() => {});
  await storage.remove('segments', key);
}

/** Removes what is kept of a deleted collection. */
export function dropSegment(tandem: Tandem, collectionId: string): Promise<void> {
  return exclusively(lockOf({ id: collectionId }), async () => {
    const current = known(tandem).get(collectionId);
    known(tandem).delete(collectionId);
    if (current) await forget(tandem, current.segment.key);
  });
}
