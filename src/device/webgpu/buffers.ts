/**
 * GPU memory of one device: tensors that stay until they are freed, and a pool of scratch buffers that are leased.
 * Nothing is destroyed while recorded commands may still use it: `sweep` is called after each submit.
 */
import { limitExceeded } from '../../errors.ts';
import { type DType, elementCount } from '../types.ts';
import { alignUp, usage } from './flags.ts';
import { BufferTensor } from './tensor.ts';

/** Bytes of idle scratch buffers above which they are destroyed before another one is created. */
const idleLimit = 256 * 1024 * 1024;
const tensorUsage = usage.storage | usage.copySrc | usage.copyDst;

export class Buffers {
  readonly #device: GPUDevice;
  readonly #owned = new Map<GPUBuffer, string>();
  readonly #leased = new Map<GPUBuffer, string>();
  /** Idle scratch by size, the least recently used first. */
  readonly #idle = new Map<number, GPUBuffer[]>();
  #doomed: GPUBuffer[] = [];
  #persistent = 0;
  #pooled = 0;
  #idleBytes = 0;
  #peak = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  memory(): { persistent: number; pooled: number; peak: number } {
    return { persistent: this.#persistent, pooled: this.#pooled, peak: this.#peak };
  }

  allocate(label: string, shape: readonly number[], dtype: DType): BufferTensor {
    const buffer = this.#create(label, alignUp(bytesOf(label, shape)));
    this.#owned.set(buffer, label);
    this.#persistent += buffer.size;
    this.#notePeak();
    return new BufferTensor(label, shape, dtype, buffer);
  }

  free({ buffer, label }: BufferTensor): void {
    if (!this.#owned.delete(buffer)) throw new Error(`tensor ${label} is not allocated, or was freed before`);
    this.#persistent -= buffer.size;
    this.#doomed.push(buffer);
  }

  lease(label: string, shape: readonly number[], dtype: DType): BufferTensor {
    const size = sizeClass(bytesOf(label, shape));
    let buffer = this.#takeIdle(size);
    if (buffer === undefined) {
      if (this.#idleBytes > idleLimit) this.#dropIdle();
      else this.#dropSmaller(size);
      buffer = this.#create('scratch', size);
      this.#pooled += size;
      this.#notePeak();
    } else {
      this.#idleBytes -= buffer.size;
    }
    this.#leased.set(buffer, label);
    return new BufferTensor(label, shape, dtype, buffer);
  }

  release({ buffer, label }: BufferTensor): void {
    if (!this.#leased.delete(buffer)) throw new Error(`tensor ${label} is not leased, or was released before`);
    const idle = this.#idle.get(buffer.size);
    if (idle === undefined) this.#idle.set(buffer.size, [buffer]);
    else idle.push(buffer);
    this.#idleBytes += buffer.size;
  }

  /** Destroys a buffer that was just allocated or leased and that no recorded command uses. */
  drop({ buffer }: BufferTensor): void {
    if (this.#owned.delete(buffer)) this.#persistent -= buffer.size;
    if (this.#leased.delete(buffer)) this.#pooled -= buffer.size;
    buffer.destroy();
  }

  /** Whether the buffer was freed or is idle in the pool, so that no command may use it. */
  isStale(buffer: GPUBuffer): boolean {
    return !this.#owned.has(buffer) && !this.#leased.has(buffer);
  }

  /** Destroys freed buffers. May be called only right after a submit, when no recorded command uses them. */
  sweep(): void {
    for (const buffer of this.#doomed) buffer.destroy();
    this.#doomed = [];
  }

  /**
   * Takes an idle buffer of this size, or of at most twice it, so that batches of many sizes share the buffers of the
   * largest.
   */
  #takeIdle(size: number): GPUBuffer | undefined {
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

  #dropIdle(): void {
    for (const [size, buffers] of this.#idle) {
      this.#pooled -= size * buffers.length;
      this.#doomed.push(...buffers);
    }
    this.#idle.clear();
    this.#idleBytes = 0;
  }

  #create(label: string, size: number): GPUBuffer {
    const limit = this.#device.limits.maxBufferSize;
    if (size > limit) {
      throw limitExceeded(`tensor ${label} needs ${size} bytes, this adapter's buffers hold ${limit}`, {
        field: label,
        expected: `at most ${limit} bytes`,
        remedy: 'use a smaller batch, length or model',
      });
    }
    return this.#device.createBuffer({ label, size, usage: tensorUsage });
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
