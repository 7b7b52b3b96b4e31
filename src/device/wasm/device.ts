/**
 * The device interface of types.ts on the CPU: kernels compiled to WebAssembly run in computing threads on one shared
 * memory. This thread only records: its event loop stays free while they compute. Commands run as soon as they are
 * recorded, in order where they depend on each other, so `submit` has nothing to do.
 */

import { checkAliasing } from '../aliasing.ts';
import { alignDown } from '../alignment.ts';
import { Buffers } from '../buffers.ts';
import { Failures } from '../failures.ts';
import { Handles } from '../handles.ts';
import { bufferTensor, byteLength } from '../tensor.ts';
import {
  type AdapterReport,
  type DeviceFeature,
  type DeviceTraits,
  type Dispatch,
  type DType,
  deviceTraits,
  type Gpu,
  type KernelSpec,
  type KernelTime,
  type Tensor,
} from '../types.ts';
import { Commands, recordBytes } from './commands.ts';
import { Completion } from './completion.ts';
import type { ErrorMessage } from './compute-thread.ts';
import { addressOf, gridOf, paramWords, spanOf } from './dispatch-words.ts';
import { type CompiledKernel, KernelCache, type KernelSource, scratchBytes } from './kernels.ts';
import { addressSpace, type Range, Ranges } from './ranges.ts';
import { ReturningRanges } from './returning-ranges.ts';
import { makeQueue, slots } from './ring.ts';
import { ComputeThreads } from './threads.ts';

export interface WasmDeviceOptions {
  readonly report: AdapterReport;
  readonly threads: number;
  readonly kernels: KernelSource;
}

/** Below it nothing stands, so that an address less an offset does not wrap round. */
const firstAddress = 65_536;
const page = 65_536;
export class WasmDevice implements Gpu {
  readonly adapter: AdapterReport;
  readonly traits: DeviceTraits = { ...deviceTraits.row, piece: 6.4e10, packs: true };
  readonly features: ReadonlySet<DeviceFeature> = new Set();
  readonly mostMemory = addressSpace - 2 ** 26;
  readonly largestBinding = alignDown(this.mostMemory);
  readonly #memory: WebAssembly.Memory;
  readonly #failures = new Failures();
  readonly #threads: ComputeThreads;
  readonly #commands: Commands;
  readonly #kernels: KernelCache;
  readonly #ranges: Ranges;
  readonly #buffers: Buffers<Range>;
  readonly #handles: Handles<Range>;
  readonly #returning: ReturningRanges;
  #isDestroyed = false;

  constructor({ report, threads, kernels }: WasmDeviceOptions) {
    this.adapter = report;
    const scratch = { address: firstAddress + slots * recordBytes, bytes: scratchBytes };
    const start = scratch.address + threads * scratch.bytes;
    this.#memory = new WebAssembly.Memory({
      initial: Math.ceil(start / page),
      maximum: addressSpace / page,
      shared: true,
    });
    const queue = makeQueue();
    this.#threads = new ComputeThreads({
      ...{ count: threads, queue, memory: this.#memory, scratch },
      onError: (error) => this.#report(error),
      onDeath: (reason) => {
        this.#failures.lose(reason);
        this.#commands.abandon();
      },
    });
    this.#commands = new Commands({
      ...{ queue, memory: this.#memory, records: firstAddress, threads, failures: this.#failures },
      completion: new Completion(queue, (isHeld) => this.#threads.hold(isHeld)),
      drain: () => this.#threads.drain(),
    });
    this.#kernels = new KernelCache(kernels, this.#threads);
    this.#ranges = new Ranges(this.#memory, start);
    this.#returning = new ReturningRanges(this.#ranges, this.#commands);
    this.#buffers = new Buffers({
      create: (label, size) => this.#take(label, size),
      destroy: (range) => this.#returning.giveBack(range),
    });
    this.#handles = new Handles(this.#buffers, this.#failures);
  }

  get lost() {
    return this.#failures.lost;
  }

  allocate(label: string, shape: readonly number[], dtype: DType = 'f32'): Tensor {
    this.#failures.check(`allocate ${label}`);
    const untouchedFrom = this.#ranges.untouched;
    const tensor = this.#buffers.allocate(label, shape, dtype);
    if (tensor.buffer.address < untouchedFrom && byteLength(tensor) > 0) this.#commands.clear(spanOf(tensor));
    return tensor;
  }

  free(tensor: Tensor): void {
    this.#buffers.free(bufferTensor<Range>(tensor));
    this.#buffers.sweep();
  }

  lease(label: string, shape: readonly number[], dtype: DType = 'f32'): Tensor {
    this.#failures.check(`lease ${label}`);
    return this.#buffers.lease(label, shape, dtype);
  }

  release(tensor: Tensor): void {
    this.#buffers.release(bufferTensor<Range>(tensor));
    this.#buffers.sweep();
  }

  view(tensor: Tensor, first: number, shape: readonly number[], label = tensor.label): Tensor {
    return this.#handles.view(tensor, first, shape, label);
  }

  isBindable(tensor: Tensor): boolean {
    return this.#handles.isBindable(tensor);
  }

  memory() {
    return this.#buffers.memory();
  }

  write(tensor: Tensor, data: Float32Array | Uint32Array): void {
    const target = this.#handles.writable(tensor, data);
    if (data.byteLength === 0) return;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (this.#commands.isIdle) {
      new Uint8Array(this.#memory.buffer, addressOf(target), bytes.length).set(bytes);
      return;
    }
    // Commands that are underway may still read what the tensor holds.
    const staging = this.#take(`write ${tensor.label}`, bytes.length);
    new Uint8Array(this.#memory.buffer, staging.address, bytes.length).set(bytes);
    this.#commands.copy({ from: staging.address, to: staging.address + bytes.length }, spanOf(target));
    this.#returning.giveBack(staging);
  }

  clear(tensor: Tensor): void {
    const target = this.#handles.usable(tensor, 'clear');
    if (byteLength(tensor) > 0) this.#commands.clear(spanOf(target));
  }

  copy(from: Tensor, to: Tensor): void {
    const { source, target, bytes } = this.#handles.copied(from, to);
    if (bytes > 0) this.#commands.copy(spanOf(source), spanOf(target));
  }

  dispatch<B extends string, P extends string>(spec: KernelSpec<B, P>, call: Dispatch<B, P>): void {
    const { name } = spec;
    this.#failures.check(`dispatch ${name}`);
    const kernel = this.#kernels.get(spec);
    const bound = this.#bind(name, kernel, call.bindings);
    const [x, y] = gridOf(name, call.grid);
    if (x * y === 0) return;
    this.#commands.add({
      ...{ name, kernel: kernel.number, total: x * y },
      words: [
        x,
        y,
        ...bound.flatMap(({ tensor }) => [addressOf(tensor), byteLength(tensor)]),
        ...paramWords(name, kernel, call.params),
      ],
      reads: bound.filter(({ access }) => access === 'read').map(({ tensor }) => spanOf(tensor)),
      writes: bound.filter(({ access }) => access === 'write').map(({ tensor }) => spanOf(tensor)),
    });
  }

  submit(): void {
    this.#failures.check('submit');
  }

  task<T>(work: () => Promise<T>): Promise<T> {
    return this.#failures.task(async () => {
      try {
        const result = await work();
        await this.idle();
        return result;
      } catch (error) {
        // What its last commands did belongs to it too, and to nobody else.
        await this.#settled();
        this.#failures.take();
        throw error;
      }
    });
  }

  async read(tensor: Tensor): Promise<Float32Array<ArrayBuffer>> {
    if (tensor.dtype !== 'f32') throw new Error(`read ${tensor.label}: it is ${tensor.dtype}, use readU32`);
    return new Float32Array(await this.#readBytes(tensor));
  }

  /** Also reads the bits of an f32 tensor. */
  async readU32(tensor: Tensor): Promise<Uint32Array<ArrayBuffer>> {
    return new Uint32Array(await this.#readBytes(tensor));
  }

  async idle(): Promise<void> {
    await this.#settled();
    this.#failures.check('idle');
  }

  async timed<T>(work: () => Promise<T>): Promise<{ result: T; kernels: KernelTime[] }> {
    await this.idle();
    this.#commands.startTiming();
    try {
      const result = await work();
      await this.idle();
      return { result, kernels: this.#commands.stopTiming() };
    } catch (error) {
      this.#commands.stopTiming();
      throw error;
    }
  }

  async compile(kernels: readonly KernelSpec[]): Promise<void> {
    this.#failures.check('compile');
    await this.#kernels.compile(kernels);
    this.#failures.check('compile');
  }

  async destroy(): Promise<void> {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#failures.close();
    this.#commands.abandon();
    await this.#threads.close();
  }

  async #readBytes(tensor: Tensor): Promise<ArrayBuffer> {
    const source = this.#handles.usable(tensor, 'read');
    const size = byteLength(tensor);
    // A copy of its own, because later commands may write the tensor while this one is awaited.
    const staging = size === 0 ? undefined : this.#take(`read ${tensor.label}`, size);
    try {
      if (staging === undefined) return new ArrayBuffer(0);
      this.#commands.copy(spanOf(source), { from: staging.address, to: staging.address + size });
      await this.#settled();
      this.#failures.check(`read ${tensor.label}`);
      const copy = new Uint8Array(size);
      copy.set(new Uint8Array(this.#memory.buffer, staging.address, size));
      return copy.buffer;
    } finally {
      if (staging !== undefined) this.#returning.giveBack(staging);
    }
  }

  /** A range, also where that costs the idle buffers of the pool. Throws LIMIT_EXCEEDED. */
  #take(label: string, size: number): Range {
    try {
      return this.#returning.take(label, size);
    } catch (error) {
      if (!this.#buffers.dropIdle()) throw error;
      this.#buffers.sweep();
      return this.#returning.take(label, size);
    }
  }

  /** All that was recorded is complete, its errors reported. */
  async #settled(): Promise<void> {
    await this.#commands.idle();
    this.#threads.drain();
  }

  #report({ sequence, message }: ErrorMessage): void {
    this.#failures.report({ message, outOfMemory: false }, this.#commands.taskOf(sequence));
  }

  #bind(name: string, kernel: CompiledKernel, tensors: Readonly<Record<string, Tensor>>) {
    const bound = kernel.bindings.map(([binding, access]) => {
      const tensor = tensors[binding];
      if (tensor === undefined) throw new Error(`binding ${binding} of kernel ${name} is missing`);
      return { access, tensor: this.#handles.usable(tensor, `binding ${binding} of kernel ${name}`) };
    });
    checkAliasing(name, kernel.bindings, tensors);
    return bound;
  }
}
