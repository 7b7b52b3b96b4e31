/**
 * Collections' vectors that stay on the device for search, from their segment files (rebuildable copies of what the
 * database holds): raw little-endian f32, row-major [count, dimension]. The most recently used up to a limit of bytes.
 */

import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Gpu, Tensor } from '../device/types.ts';
import { unavailable } from '../errors.ts';
import { rowsPerPage } from '../nn/nearest-neighbours.ts';
import { Residents } from './residents.ts';
import type { SegmentRequest } from './types.ts';

const defaultLimit = 1024 * 1024 * 1024;

export class Segments {
  readonly #gpu: Gpu;
  readonly #residents: Residents<readonly Tensor[]>;

  constructor(gpu: Gpu, limitBytes = defaultLimit) {
    this.#gpu = gpu;
    this.#residents = new Residents(limitBytes);
  }

  /** Runs `work` with a segment's pages [rows, C]. */
  use<T>(request: SegmentRequest, work: (pages: readonly Tensor[]) => Promise<T>): Promise<T> {
    // A task of its own: the caller that started the load may end before others that wait for it.
    const load = async () => {
      const pages = await this.#gpu.task(() => loadSegment(this.#gpu, request));
      const free = (): void => {
        for (const page of pages) this.#gpu.free(page);
      };
      return { value: pages, bytes: request.count * request.dimension * 4, free };
    };
    return this.#residents.use(request.key, load, work);
  }

  forget(key: string): Promise<void> {
    return this.#residents.forget(key);
  }
}

async function loadSegment(gpu: Gpu, { path, sha256, count, dimension }: SegmentRequest): Promise<readonly Tensor[]> {
  const file = await open(path).catch(() => refuse(path, 'it is not there'));
  const pages: Tensor[] = [];
  const hash = createHash('sha256');
  try {
    const { size } = await file.stat();
    if (size !== count * dimension * 4) refuse(path, `it holds ${size} bytes, not ${count} vectors of ${dimension}`);
    const perPage = rowsPerPage(gpu, dimension);
    for (let first = 0; first < count; first += perPage) {
      const rows = Math.min(perPage, count - first);
      const values = await readRows(file, path, first * dimension, rows * dimension);
      hash.update(new Uint8Array(values.buffer));
      const page = gpu.allocate('segment', [rows, dimension]);
      pages.push(page);
      gpu.write(page, values);
    }
    if (hash.digest('hex') !== sha256) refuse(path, 'its content is not what was written');
    return pages;
  } catch (error) {
    for (const page of pages) gpu.free(page);
    throw error;
  } finally {
    await file.close();
  }
}

/** One read takes at most 2 GiB, so in pieces. */
async function readRows(file: FileHandle, path: string, begin: number, length: number): Promise<Float32Array> {
  const values = new Float32Array(length);
  const bytes = new Uint8Array(values.buffer);
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, done, Math.min(bytes.length - done, 1 << 30), begin * 4 + done);
    if (bytesRead === 0) refuse(path, 'it ended while it was read');
    done += bytesRead;
  }
  return values;
}

function refuse(path: string, reason: string): never {
  throw unavailable(`The segment ${path} cannot be used: ${reason}`, {
    reason: 'segment-lost',
    field: 'segment',
    remedy: 'Search again; the segment is made again from the database.',
  });
}
