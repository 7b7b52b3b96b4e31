/**
 * The device interface of types.ts on WebGPU. Commands are recorded synchronously (commands.ts) and run in the order of
 * recording. Errors that Dawn reports asynchronously are thrown by the call that caused them or by the next call of the
 * same task (failures.ts).
 */
import { limitExceeded } from '../../errors.ts';
import { checkAliasing } from '../aliasing.ts';
import { alignDown } from '../alignment.ts';
import { type BufferSource, Buffers } from '../buffers.ts';
import { Failures } from '../failures.ts';
import { Handles } from '../handles.ts';
import { type BufferTensor, bufferTensor, byteLength } from '../tensor.ts';
import {
  type AdapterReport,
  type DeviceFeature,
  type DeviceTraits,
  type Dispatch,
  type DType,
  deviceTraits,
  type Gpu,
  type KernelForm,
  type KernelSpec,
  type KernelTime,
  type Tensor,
} from '../types.ts';
import type { DawnInstance } from './adapter.ts';
import { Commands } from './commands.ts';
import { mapModeRead, usage } from './flags.ts';
import { foldGrid } from './grid.ts';
import { Patience } from './patience.ts';
import { type CompiledKernel, featuresOf, PipelineCache } from './pipelines.ts';
import { Timing } from './timing.ts';
import { watchDevice } from './watch.ts';

export interface OpenedDevice {
  readonly instance: DawnInstance;
  readonly device: GPUDevice;
  readonly report: AdapterReport;
  readonly form: KernelForm;
}

export class WebGpuDevice implements Gpu {
  readonly adapter: AdapterReport;
  readonly traits: DeviceTraits;
  readonly features: ReadonlySet<DeviceFeature>;
  readonly largestBinding: number;
  readonly mostMemory = Number.POSITIVE_INFINITY;
  readonly device: GPUDevice;
  readonly #failures: Failures;
  readonly #buffers: Buffers<GPUBuffer>;
  readonly #handles: Handles<GPUBuffer>;
  readonly #pipelines: PipelineCache;
  readonly #commands: Commands;
  readonly #patience = new Patience();
  /** Dawn's instance: a device does not outlive it, and a thread cannot exit while it is referenced. */
  #instance: DawnInstance | undefined;

  constructor({ instance, device, report, form }: OpenedDevice) {
    this.#instance = instance;
    this.device = device;
    this.adapter = report;
    this.traits = deviceTraits[form];
    this.features = featuresOf(device);
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    this.largestBinding = alignDown(Math.min(maxStorageBufferBindingSize, maxBufferSize));
    this.#failures = new Failures();
    watchDevice(device, this.#failures);
    this.#buffers = new Buffers(sourceOf(device));
    this.#handles = new Handles(this.#buffers, this.#failures);
    this.#pipelines = new PipelineCache(device, this.#failures);
    this.#commands = new Commands(device, this.#failures, () => this.#buffers.sweep());
  }

  get lost() {
    return this.#failures.lost;
  }

  allocate(label: string, shape: readonly number[], dtype: DType = 'f32'): Tensor {
    this.#failures.check(`allocate ${label}`);
    return this.#usable(this.#buffers.allocate(label, shape, dtype));
  }

  free(tensor: Tensor): void {
    this.#buffers.free(bufferTensor<GPUBuffer>(tensor));
    if (this.#commands.isEmpty) this.#buffers.sweep();
  }

  lease(label: string, shape: readonly number[], dtype: DType = 'f32'): Tensor {
    this.#failures.check(`lease ${label}`);
    return this.#usable(this.#buffers.lease(label, shape, dtype));
  }

  release(tensor: Tensor): void {
    this.#buffers.release(bufferTensor<GPUBuffer>(tensor));
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
    const { buffer, offset } = this.#handles.writable(tensor, data);
    // Queue writes run before commands that are not submitted yet.
    this.submit();
    if (data.length > 0) {
      this.device.queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset, data.byteLength);
    }
    this.#failures.check(`write ${tensor.label}`);
  }

  clear(tensor: Tensor): void {
    const { buffer, offset } = this.#handles.usable(tensor, 'clear');
    if (byteLength(tensor) > 0) this.#commands.encoder().clearBuffer(buffer, offset, byteLength(tensor));
  }

  copy(from: Tensor, to: Tensor): void {
    const { source, target, bytes } = this.#handles.copied(from, to);
    if (bytes > 0)
      this.#commands.encoder().copyBufferToBuffer(source.buffer, source.offset, target.buffer, target.offset, bytes);
  }

  dispatch<B extends string, P extends string>(spec: KernelSpec<B, P>, call: Dispatch<B, P>): void {
    const { name } = spec;
    this.#failures.check(`dispatch ${name}`);
    this.#commands.takeOver();
    const kernel = this.#pipelines.get(spec);
    const entries = this.#bind(name, kernel, call.bindings);
    const workgroups = foldGrid(name, call.grid);
    if (workgroups.includes(0)) return;
    this.#commands.dispatch({ name, kernel, entries, params: call.params, workgroups });
  }

  submit(): void {
    this.#commands.submit();
  }

  task<T>(work: () => Promise<T>): Promise<T> {
    return this.#failures.task(async () => {
      const task = this.#failures.current;
      try {
        const result = await work();
        this.submit();
        return result;
      } finally {
        this.#commands.flushOf(task);
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
    if (this.#commands.timing !== undefined) throw new Error('timed: kernels are being timed already');
    this.submit();
    if (!this.device.features.has('timestamp-query')) return { result: await work(), kernels: [] };
    const timing = new Timing(this.device);
    this.#commands.timing = timing;
    try {
      const result = await work();
      this.submit();
      return { result, kernels: await timing.result() };
    } finally {
      this.#commands.timing = undefined;
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
    this.#commands.abandon();
    this.#failures.close();
    this.device.destroy();
    // Dawn ends the whole process if a thread exits while it still compiles (seen with webgpu 0.6.2).
    await this.#patience.for(this.#pipelines.close());
    await this.device.lost;
  }

  async #readBytes(tensor: Tensor): Promise<ArrayBuffer> {
    const { buffer, offset } = this.#handles.usable(tensor, 'read');
    const size = byteLength(tensor);
    if (size === 0) return new ArrayBuffer(0);
    const staging = this.device.createBuffer({ label: 'read', size, usage: usage.mapRead | usage.copyDst });
    try {
      this.#commands.encoder().copyBufferToBuffer(buffer, offset, staging, 0, size);
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

  /** Returns a new tensor, or throws if the device could not make it: such a buffer must not enter the pool. */
  #usable(tensor: BufferTensor<GPUBuffer>): BufferTensor<GPUBuffer> {
    try {
      this.#failures.check(`make ${tensor.label} [${tensor.shape}]`);
      return tensor;
    } catch (error) {
      this.#buffers.drop(tensor);
      throw error;
    }
  }

  #bind(name: string, kernel: CompiledKernel, tensors: Readonly<Record<string, Tensor>>): GPUBindGroupEntry[] {
    const entries: GPUBindGroupEntry[] = [];
    kernel.bindings.forEach(([binding], index) => {
      const tensor = tensors[binding];
      if (tensor === undefined) throw new Error(`binding ${binding} of kernel ${name} is missing`);
      const { buffer, offset } = this.#handles.usable(tensor, `binding ${binding} of kernel ${name}`);
      const size = Math.max(4, byteLength(tensor));
      if (size > this.largestBinding) throw this.#tooLarge(name, tensor, size);
      entries.push({ binding: index + 1, resource: { buffer, offset, size } });
    });
    checkAliasing(name, kernel.bindings, tensors);
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
}

const tensorUsage = usage.storage | usage.copySrc | usage.copyDst;

const sourceOf = (device: GPUDevice): BufferSource<GPUBuffer> => ({
  create(label, size) {
    const limit = device.limits.maxBufferSize;
    if (size > limit) {
      throw limitExceeded(`tensor ${label} needs ${size} bytes, this adapter's buffers hold ${limit}`, {
        field: label,
        expected: `at most ${limit} bytes`,
        remedy: 'use a smaller batch, length or model',
      });
    }
    return device.createBuffer({ label, size, usage: tensorUsage });
  },
  destroy: (buffer) => buffer.destroy(),
});
