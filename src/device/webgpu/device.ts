/**
 * One device and the commands recorded for it: the Gpu interface of types.ts. Everything is recorded synchronously and runs
 * in the order of recording. Errors that Dawn reports on the side are thrown by the call that caused them or by the next one
 * of the same task: commands of two tasks never share a command buffer, which one bad command spoils as a whole.
 */
import { limitExceeded } from '../../errors.ts';
import {
  type AdapterReport,
  type DeviceFeature,
  type DeviceTraits,
  type Dispatch,
  type DType,
  deviceTraits,
  elementCount,
  type Gpu,
  type KernelForm,
  type KernelSpec,
  type KernelTime,
  type Tensor,
} from '../types.ts';
import type { DawnInstance } from './adapter.ts';
import { Buffers } from './buffers.ts';
import { Failures, type Task } from './failures.ts';
import { alignDown, alignment, mapModeRead, usage } from './flags.ts';
import { Patience } from './patience.ts';
import { type CompiledKernel, featuresOf, PipelineCache } from './pipelines.ts';
import { BufferTensor, bufferTensor } from './tensor.ts';
import { Timing } from './timing.ts';
import { UniformRing } from './uniform-ring.ts';

export interface OpenedDevice {
  readonly instance: DawnInstance;
  readonly device: GPUDevice;
  readonly report: AdapterReport;
  readonly form: KernelForm;
}

/** Copies, unlike bindings, may begin at any value. */
const copyAlignment = 4;
/** Workgroups per dimension that every adapter takes. */
const gridLimit = 65_535;
const byteLength = (tensor: Tensor): number => elementCount(tensor.shape) * 4;

export class WebGpuDevice implements Gpu {
  readonly adapter: AdapterReport;
  readonly traits: DeviceTraits;
  readonly features: ReadonlySet<DeviceFeature>;
  readonly largestBinding: number;
  readonly device: GPUDevice;
  readonly #failures: Failures;
  readonly #buffers: Buffers;
  readonly #pipelines: PipelineCache;
  readonly #ring: UniformRing;
  readonly #patience = new Patience();
  /** Held as long as the device, which does not outlive it, and then dropped: while it lives, the thread cannot exit. */
  #instance: DawnInstance | undefined;
  #encoder: GPUCommandEncoder | undefined;
  /** Whose commands the encoder holds. */
  #owner: Task | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #timing: Timing | undefined;

  constructor({ instance, device, report, form }: OpenedDevice) {
    this.#instance = instance;
    this.device = device;
    this.adapter = report;
    this.traits = deviceTraits[form];
    this.features = featuresOf(device);
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    this.largestBinding = alignDown(Math.min(maxStorageBufferBindingSize, maxBufferSize));
    this.#failures = new Failures(device);
    this.#buffers = new Buffers(device);
    this.#pipelines = new PipelineCache(device, this.#failures);
    this.#ring = new UniformRing(device);
  }

  get lost() {
    return this.#failures.lost;
  }

  allocate(label: string, shape: readonly number[], dtype: DType = 'f32'): Tensor {
    this.#failures.check(`allocate ${label}`);
    return this.#usable(this.#buffers.allocate(label, shape, dtype));
  }

  free(tensor: Tensor): void {
    this.#buffers.free(bufferTensor(tensor));
    if (this.#encoder === undefined) this.#buffers.sweep();
  }

  lease(label: string, shape: readonly number[], dtype: DType = 'f32'): Tensor {
    this.#failures.check(`lease ${label}`);
    return this.#usable(this.#buffers.lease(label, shape, dtype));
  }

  release(tensor: Tensor): void {
    this.#buffers.release(bufferTensor(tensor));
  }

  view(tensor: Tensor, first: number, shape: readonly number[], label = tensor.label): Tensor {
    const { buffer, offset, dtype } = bufferTensor(tensor);
    return new BufferTensor(label, shape, dtype, buffer, offset + first * 4);
  }

  isBindable(tensor: Tensor): boolean {
    return bufferTensor(tensor).offset % alignment === 0;
  }

  memory() {
    return this.#buffers.memory();
  }

  write(tensor: Tensor, data: Float32Array | Uint32Array): void {
    const { buffer, offset } = this.#checkUsable(tensor, 'write');
    if (data.byteLength !== byteLength(tensor)) {
      throw new Error(
        `write ${tensor.label}: [${tensor.shape}] holds ${byteLength(tensor)} bytes, got ${data.byteLength}`,
      );
    }
    // Queue writes run before commands that are not submitted yet.
    this.submit();
    if (data.length > 0) {
      this.device.queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset, data.byteLength);
    }
    this.#failures.check(`write ${tensor.label}`);
  }

  clear(tensor: Tensor): void {
    const { buffer, offset } = this.#checkUsable(tensor, 'clear');
    if (byteLength(tensor) > 0) this.#commands().clearBuffer(buffer, offset, byteLength(tensor));
  }

  copy(from: Tensor, to: Tensor): void {
    const source = this.#checkUsable(from, 'copy', copyAlignment);
    const target = this.#checkUsable(to, 'copy', copyAlignment);
    const bytes = byteLength(from);
    if (bytes !== byteLength(to)) throw new Error(`copy ${from.label} [${from.shape}] to ${to.label} [${to.shape}]`);
    if (bytes > 0)
      this.#commands().copyBufferToBuffer(source.buffer, source.offset, target.buffer, target.offset, bytes);
  }

  dispatch<B extends string, P extends string>(spec: KernelSpec<B, P>, call: Dispatch<B, P>): void {
    this.#failures.check(`dispatch ${spec.name}`);
    this.#takeOver();
    const kernel = this.#pipelines.get(spec);
    const entries = this.#bind(spec.name, kernel, call.bindings);
    const [x, y, z] = foldGrid(spec.name, call.grid);
    if (x * y * z === 0) return;
    if (this.#ring.full || this.#timing?.full === true) this.submit();
    const offsets: number[] = [];
    if (kernel.params.length > 0) {
      offsets.push(this.#ring.push(spec.name, kernel.params, call.params));
      entries.push({ binding: 0, resource: { buffer: this.#ring.buffer, size: alignment } });
    }
    const pass = this.#computePass(spec.name);
    pass.setPipeline(kernel.pipeline);
    pass.setBindGroup(0, this.device.createBindGroup({ label: spec.name, layout: kernel.layout, entries }), offsets);
    pass.dispatchWorkgroups(x, y, z);
    this.#throwFailure(`dispatch ${spec.name}`);
  }

  submit(): void {
    this.#throwFailure('submit');
    this.#flush();
    this.#failures.check('submit');
  }

  task<T>(work: () => Promise<T>): Promise<T> {
    return this.#failures.task(async () => {
      const task = this.#failures.current;
      try {
        const result = await work();
        this.submit();
        return result;
      } finally {
        if (this.#owner === task) this.#flush();
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
    this.submit();
    await this.#patience.for(this.device.queue.onSubmittedWorkDone());
    this.#failures.check('idle');
  }

  async timed<T>(work: () => Promise<T>): Promise<{ result: T; kernels: KernelTime[] }> {
    if (this.#timing !== undefined) throw new Error('timed: kernels are being timed already');
    this.submit();
    if (!this.device.features.has('timestamp-query')) return { result: await work(), kernels: [] };
    const timing = new Timing(this.device);
    this.#timing = timing;
    try {
      const result = await work();
      this.submit();
      return { result, kernels: await timing.result() };
    } finally {
      this.#timing = undefined;
    }
  }

  async compile(kernels: readonly KernelSpec[]): Promise<void> {
    this.#failures.check('compile');
    await this.#patience.for(this.#pipelines.compile(kernels));
    this.#failures.check('compile');
  }

  async destroy(): Promise<void> {
    if (this.#instance === undefined) return;
    this.#instance = undefined;
    this.#abandon();
    this.#failures.close();
    this.device.destroy();
    // Dawn ends the whole process if a thread exits while it still compiles (seen with webgpu 0.6.2).
    await this.#patience.for(this.#pipelines.close());
    await this.device.lost;
  }

  async #readBytes(tensor: Tensor): Promise<ArrayBuffer> {
    const { buffer, offset } = this.#checkUsable(tensor, 'read');
    const size = byteLength(tensor);
    if (size === 0) return new ArrayBuffer(0);
    const staging = this.device.createBuffer({ label: 'read', size, usage: usage.mapRead | usage.copyDst });
    try {
      this.#commands().copyBufferToBuffer(buffer, offset, staging, 0, size);
      this.submit();
      await this.#patience.for(staging.mapAsync(mapModeRead)).catch((error: unknown) => {
        this.#failures.check(`read ${tensor.label}`);
        throw error;
      });
      this.#failures.check(`read ${tensor.label}`);
      return staging.getMappedRange().slice(0);
    } finally {
      staging.destroy();
    }
  }

  /** Throws what the device reported and drops the commands that it spoilt. */
  #throwFailure(doing: string): void {
    try {
      this.#failures.check(doing);
    } catch (error) {
      if (this.#owner === this.#failures.current) this.#abandon();
      throw error;
    }
  }

  #abandon(): void {
    this.#pass = undefined;
    this.#encoder = undefined;
    this.#owner = undefined;
    this.#ring.reset();
  }

  /** Before anything is recorded: what another task has recorded goes first, by itself. */
  #takeOver(): void {
    const { current } = this.#failures;
    if (this.#owner !== current) this.#flush();
    this.#owner = current;
  }

  /** Sends what was recorded, in the name of the task that recorded it. */
  #flush(): void {
    const [encoder, owner] = [this.#encoder, this.#owner];
    this.#owner = undefined;
    if (encoder === undefined || owner === undefined) return;
    this.#failures.inNameOf(owner, () => {
      this.#endPass();
      const collect = this.#timing?.finish(encoder);
      this.#encoder = undefined;
      this.#ring.upload();
      this.device.queue.submit([encoder.finish()]);
      collect?.();
      this.#buffers.sweep();
    });
  }

  /** A tensor just made, unless the device could not make it: nobody may be given such a buffer from the pool. */
  #usable(tensor: BufferTensor): BufferTensor {
    try {
      this.#failures.check(`make ${tensor.label} [${tensor.shape}]`);
      return tensor;
    } catch (error) {
      this.#buffers.drop(tensor);
      throw error;
    }
  }

  #commands(): GPUCommandEncoder {
    this.#takeOver();
    this.#endPass();
    this.#encoder ??= this.device.createCommandEncoder();
    return this.#encoder;
  }

  #computePass(kernel: string): GPUComputePassEncoder {
    if (this.#timing !== undefined) this.#endPass();
    this.#encoder ??= this.device.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass(this.#timing?.next(kernel));
    return this.#pass;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }

  #bind(name: string, kernel: CompiledKernel, tensors: Readonly<Record<string, Tensor>>): GPUBindGroupEntry[] {
    const entries: GPUBindGroupEntry[] = [];
    kernel.bindings.forEach(([binding], index) => {
      const tensor = tensors[binding];
      if (tensor === undefined) throw new Error(`binding ${binding} of kernel ${name} is missing`);
      const { buffer, offset } = this.#checkUsable(tensor, `binding ${binding} of kernel ${name}`);
      const size = Math.max(4, byteLength(tensor));
      if (size > this.largestBinding) throw this.#tooLarge(name, tensor, size);
      entries.push({ binding: index + 1, resource: { buffer, offset, size } });
    });
    checkAliasing(name, kernel, tensors);
    return entries;
  }

  #tooLarge(kernel: string, tensor: Tensor, size: number): Error {
    return limitExceeded(
      `kernel ${kernel} binds ${tensor.label} with ${size} bytes, this adapter binds ${this.largestBinding}`,
      {
        field: tensor.label,
        expected: `at most ${this.largestBinding} bytes a tensor`,
        remedy: 'use a smaller batch, length or model',
      },
    );
  }

  #checkUsable(handle: Tensor, doing: string, alignTo: number = alignment): BufferTensor {
    this.#failures.check(doing);
    const tensor = bufferTensor(handle);
    if (this.#buffers.isStale(tensor.buffer)) throw new Error(`${doing}: tensor ${tensor.label} was freed or released`);
    if (tensor.offset % alignTo !== 0)
      throw new Error(`${doing}: tensor ${tensor.label} begins at byte ${tensor.offset}`);
    if (tensor.offset + byteLength(tensor) > tensor.buffer.size) {
      throw new Error(`${doing}: tensor ${tensor.label} [${tensor.shape}] ends beyond its buffer`);
    }
    return tensor;
  }
}

/** Folds a long first dimension into the second (shaders/common/grid.wgsl unfolds it). */
function foldGrid(kernel: string, [x, y = 1, z = 1]: readonly [number, number?, number?]): [number, number, number] {
  if (y > gridLimit || z > gridLimit || (x > gridLimit && y > 1)) {
    throw new Error(
      `grid [${x}, ${y}, ${z}] of kernel ${kernel} cannot be folded; only a grid [x] may exceed ${gridLimit}`,
    );
  }
  return x > gridLimit ? [gridLimit, Math.ceil(x / gridLimit), z] : [x, y, z];
}

/** WebGPU refuses a buffer that one dispatch reads and writes, and overlapping ranges that it writes. */
function checkAliasing(name: string, kernel: CompiledKernel, tensors: Readonly<Record<string, Tensor>>): void {
  const { bindings } = kernel;
  for (const [written, access] of bindings) {
    if (access === 'read') continue;
    const target = bufferTensor(tensors[written]!);
    for (const [other, otherAccess] of bindings) {
      const tensor = bufferTensor(tensors[other]!);
      if (other === written || tensor.buffer !== target.buffer) continue;
      const apart =
        tensor.offset + byteLength(tensor) <= target.offset || target.offset + byteLength(target) <= tensor.offset;
      if (otherAccess === 'write' && apart) continue;
      throw new Error(`kernel ${name} writes ${written} (${target.label}) to the buffer that it binds as ${other}`);
    }
  }
}
