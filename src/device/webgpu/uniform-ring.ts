/**
 * The parameters of recorded dispatches: one slot of a uniform buffer each, selected by a dynamic offset. The slots are
 * uploaded in one piece just before the commands that use them are submitted; the queue keeps that order, so the ring
 * starts from slot 0 after each submit.
 */
import { alignment } from '../alignment.ts';
import { writeParam } from '../params.ts';
import { usage } from './flags.ts';
import type { CompiledKernel } from './pipelines.ts';

/** Dispatches per submit. Bounds both the ring and the time one submit takes on a slow adapter. */
const ringSlots = 512;

export class UniformRing {
  readonly buffer: GPUBuffer;
  readonly #device: GPUDevice;
  readonly #bytes = new ArrayBuffer(ringSlots * alignment);
  readonly #view = new DataView(this.#bytes);
  #used = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.buffer = device.createBuffer({
      label: 'params',
      size: ringSlots * alignment,
      usage: usage.uniform | usage.copyDst,
    });
  }

  get full(): boolean {
    return this.#used === ringSlots;
  }

  /** Writes a slot and returns its byte offset. */
  push(kernel: string, fields: CompiledKernel['params'], values: Readonly<Record<string, number>>): number {
    const start = this.#used * alignment;
    if (fields.length * 4 > alignment) throw new Error(`kernel ${kernel} has more than ${alignment / 4} params`);
    for (let index = 0; index < fields.length; index += 1) {
      const [name, type] = fields[index]!;
      writeParam(this.#view, start + index * 4, type, values[name], `param ${name} of kernel ${kernel}`);
    }
    this.#used += 1;
    return start;
  }

  /** Uploads the slots in use and starts again from slot 0. */
  upload(): void {
    if (this.#used > 0) this.#device.queue.writeBuffer(this.buffer, 0, this.#bytes, 0, this.#used * alignment);
    this.#used = 0;
  }

  reset(): void {
    this.#used = 0;
  }
}
