/**
 * The memory of one device: tensors that stay until they are freed, and a pool of scratch buffers that are leased.
 * Nothing is destroyed while recorded commands may still use it: `sweep` is called after each submit.
 */
import { alignUp } from './alignment.ts';
import { BufferTensor } from './tensor.ts';
import { type DType, elementCount } from './types.ts';

/** Where buffers come from; `B` is how the device calls one. `create` throws LIMIT_EXCEEDED where there is no room. */
export interface BufferSource<B> {
  create(label: string, size: number): B;
  destroy(buffer: B): void;
}

/** Bytes of idle scratch buffers above which they are destroyed before another one is created. */
const idleLimit = 256 * 1024 * 1024;

export class Buffers<B extends { readonly size: number }> {
  readonly #source: BufferSource<B>;
  readonly #owned = new Map<B, string>();
  readonly #leased = new Map<B, string>();
  /** Idle scratch by size, the least recently used first. */
  readonly #idle = new Map<number, B[]>();
  #doomed: B[] = [];
  #persistent = 0;
  #pooled = 0;
  #idleBytes = 0;
  #peak = 0;

  constructor(source: BufferSource<B>) {
    this.#source = source;
  }

  memory(): { persistent: number; pooled: number; peak: number } {
    return { persistent: this.#persistent, pooled: this.#pooled, peak: this.#peak };
  }

  allocate(label: string, shape: readonly number[], dtype: DType): BufferTensor<B> {
    const buffer = this.#source.create(label, alignUp(bytesOf(label, shape)));
    this.#owned.set(buffer, label);
    this.#persistent += buffer.size;
    this.#notePeak();
    return new BufferTensor(label, shape, dtype, buffer);
  }

  free({ buffer, label }: BufferTensor<B>): void {
    if (!this.#owned.delete(buffer)) throw new Error(`tensor ${label} is not allocated, or was freed before`);
    this.#persistent -= buffer.size;
    this.#doomed.push(buffer);
  }

  lease(label: string, shape: readonly number[], dtype: DType): BufferTensor<B> {
    const size = sizeClass(bytesOf(label, shape));
    let buffer = this.#takeIdle(size);
    if (buffer === undefined) {
      if (this.#idleBytes > idleLimit) this.dropIdle();
      else this.#dropSmaller(size);
      buffer = this.#source.create('scratch', size);
      this.#pooled += size;
      this.#notePeak();
    } else {
      this.#idleBytes -= buffer.size;
    }
    this.#leased.set(buffer, label);
    return new BufferTensor(label, shape, dtype, buffer);
  }

  release({ buffer, label }: BufferTensor<B>): void {
    if (!this.#leased.delete(buffer)) throw new Error(`tensor ${label} is not leased, or was released before`);
    const idle = this.#idle.get(buffer.size);
    if (idle === undefined) this.#idle.set(buffer.size, [buffer]);
    else idle.push(buffer);
    this.#idleBytes += buffer.size;
  }

  /** Destroys a buffer that was just allocated or leased and that no recorded command uses. */
  drop({ buffer }: BufferTensor<B>): void {
    if (this.#owned.delete(buffer)) this.#persistent -= buffer.size;
    if (this.#leased.delete(buffer)) this.#pooled -= buffer.size;
    this.#source.destroy(buffer);
  }

  /** Whether the buffer was freed or is idle in the pool, so that no command may use it. */
  isStale(buffer: B): boolean {
    return !this.#owned.has(buffer) && !this.#leased.has(buffer);
  }

  /** Destroys freed buffers. May be called only right after a submit, when no recorded command uses them. */
  sweep(): void {
    for (const buffer of this.#doomed) this.#source.destroy(buffer);
    this.#doomed = [];
  }

  /**
   * Takes an idle buffer of this size, or of at most twice it, so that batches of many sizes share the buffers of the
   * largest.
   */
  #takeIdle(size: number): B | undefined {
    for (let fitting = size; fitting <= 2 * size; fitting = sizeClass(fitting + 1)) {
      const buffer = this.#idle.get(fitting)?.pop();
      if (buffer !== undefined) return buffer;
    }
    return undefined;
  }

  /**
   * Destroys an idle buffer that is a little too small for the one about to be created, so that growing batches do not
   * pile up buffers.
   */
  #dropSmaller(size: number): void {
    let closest = 0;
    for (const [idleSize, buffers] of this.#idle) {
      if (buffers.length > 0 && idleSize < size && 2 * idleSize > size) closest = Math.max(closest, idleSize);
    }
    const buffer = this.#idle.get(closest)?.pop();
    if (buffer === undefined) return;
    this.#idleBytes -= closest;
    this.#pooled -= closest;
    this.#doomed.push(buffer);
  }

  /** Destroys the pool's idle buffers at the next sweep. Returns whether there were any. */
  dropIdle(): boolean {
    const hadAny = this.#idleBytes > 0;
    for (const [size, buffers] of this.#idle) {
      this.#pooled -= size * buffers.length;
      this.#doomed.push(...buffers);
    }
    this.#idle.clear();
    this.#idleBytes = 0;
    return hadAny;
  }

  #notePeak(): void {
    this.#peak = Math.max(this.#peak, this.#persistent + this.#pooled);
  }
}

function bytesOf(label: string, shape: readonly number[]): number {
  if (!shape.every((size) => Number.isInteger(size) && size >= 0))
    throw new Error(`tensor ${label} has shape [${shape}]`);
  return Math.max(1, elementCount(shape)) * 4;
}

/** Eight sizes per power of two: at most an eighth is wasted, and batches of similar length share buffers. */
function sizeClass(bytes: number): number {
  const step = 2 ** Math.max(8, Math.floor(Math.log2(bytes)) - 3);
  return alignUp(bytes, step);
}
