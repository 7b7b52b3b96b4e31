/** GPU time per kernel, measured with timestamp queries around single dispatches. Off unless `Gpu.timed` runs. */

import type { KernelTime } from '../types.ts';
import { mapModeRead, usage } from './flags.ts';

/** Dispatches that one query set can time; a submit resolves it. */
const capacity = 512;

export class Timing {
  readonly #device: GPUDevice;
  readonly #queries: GPUQuerySet;
  readonly #resolve: GPUBuffer;
  readonly #total = new Map<string, { calls: number; nanoseconds: number }>();
  #names: string[] = [];
  #pending: Promise<void>[] = [];

  constructor(device: GPUDevice) {
    this.#device = device;
    this.#queries = device.createQuerySet({ type: 'timestamp', count: capacity * 2 });
    this.#resolve = device.createBuffer({ size: capacity * 16, usage: usage.queryResolve | usage.copySrc });
  }

  get full(): boolean {
    return this.#names.length === capacity;
  }

  /** The pass descriptor that times the next dispatch. */
  next(kernel: string): GPUComputePassDescriptor {
    const index = this.#names.push(kernel) * 2 - 2;
    const querySet = this.#queries;
    return { timestampWrites: { querySet, beginningOfPassWriteIndex: index, endOfPassWriteIndex: index + 1 } };
  }

  /** Records fetching the times; the returned function is called after the submit. */
  finish(encoder: GPUCommandEncoder): () => void {
    const names = this.#names;
    this.#names = [];
    if (names.length === 0) return () => {};
    const size = names.length * 16;
    const staging = this.#device.createBuffer({ size, usage: usage.mapRead | usage.copyDst });
    encoder.resolveQuerySet(this.#queries, 0, names.length * 2, this.#resolve, 0);
    encoder.copyBufferToBuffer(this.#resolve, 0, staging, 0, size);
    return () => this.#pending.push(this.#collect(names, staging));
  }

  async #collect(names: readonly string[], staging: GPUBuffer): Promise<void> {
    await staging.mapAsync(mapModeRead);
    const times = new BigUint64Array(staging.getMappedRange());
    names.forEach((name, index) => {
      const entry = this.#total.get(name) ?? { calls: 0, nanoseconds: 0 };
      entry.calls += 1;
      entry.nanoseconds += Number(times[index * 2 + 1]! - times[index * 2]!);
      this.#total.set(name, entry);
    });
    staging.destroy();
  }

  /** The measured times, the most expensive kernel first. */
  async result(): Promise<KernelTime[]> {
    await Promise.all(this.#pending);
    this.#queries.destroy();
    this.#resolve.destroy();
    return [...this.#total]
      .map(([kernel, { calls, nanoseconds }]) => ({ kernel, calls, milliseconds: nanoseconds / 1e6 }))
      .sort((a, b) => b.milliseconds - a.milliseconds);
  }
}
