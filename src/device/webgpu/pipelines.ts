/** Compiled kernels of one device: one pipeline per (name, header, constants), each compiled once. */
import { availableParallelism } from 'node:os';
import type { Failures } from '../failures.ts';
import { shaderSource } from '../shader-source.ts';
import type { DeviceFeature, KernelSpec } from '../types.ts';
import { explainCompileError } from './compile-error.ts';
import { stageCompute } from './flags.ts';

export interface CompiledKernel {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  /** Binding names in the order of @binding(1), (2), ... */
  readonly bindings: readonly (readonly [name: string, access: 'read' | 'write'])[];
  readonly params: readonly (readonly [name: string, type: 'u32' | 'f32' | 'i32'])[];
}

/** WebGPU's names of the features. */
export const featureNames: Readonly<Record<DeviceFeature, GPUFeatureName>> = {
  f16: 'shader-f16',
  subgroups: 'subgroups',
};

export function featuresOf(device: GPUDevice): ReadonlySet<DeviceFeature> {
  const all = Object.keys(featureNames) as DeviceFeature[];
  return new Set(all.filter((feature) => device.features.has(featureNames[feature])));
}

/** Most compilations in parallel: more than the machine has cores are no faster, and closing waits for all of them. */
const mostAtOnce = Math.max(4, availableParallelism());

const keyOf = (spec: KernelSpec): string => JSON.stringify([spec.name, spec.header ?? '', spec.constants ?? {}]);

export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #failures: Failures;
  readonly #compiled = new Map<string, CompiledKernel>();
  readonly #inFlight = new Map<string, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;
  /** Cache by identity: specs are module constants, so that the string key is built once for each. */
  readonly #bySpec = new WeakMap<KernelSpec, CompiledKernel>();

  constructor(device: GPUDevice, failures: Failures) {
    this.#device = device;
    this.#failures = failures;
  }

  /**
   * Returns the kernel, compiling it synchronously if it is not in the cache. Throws an error that names file and line.
   */
  get(spec: KernelSpec): CompiledKernel {
    const known = this.#bySpec.get(spec) ?? this.#compiled.get(keyOf(spec));
    const kernel = known ?? this.#compileNow(spec);
    this.#bySpec.set(spec, kernel);
    return kernel;
  }

  /** Compiles kernels that are not compiled yet, in parallel; joins compilations in progress. */
  async compile(specs: readonly KernelSpec[]): Promise<void> {
    await Promise.all(specs.map((spec) => this.#compileAhead(spec)));
  }

  /** Starts no more compilations in advance; resolves when those in progress have settled. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#inFlight.values());
  }

  #compileNow(spec: KernelSpec): CompiledKernel {
    const { describe, finish } = this.#prepare(spec);
    const kernel = finish(this.#device.createComputePipeline(describe));
    this.#failures.check(`kernel ${spec.name}`);
    this.#compiled.set(keyOf(spec), kernel);
    return kernel;
  }

  #compileAhead(spec: KernelSpec): Promise<void> {
    const key = keyOf(spec);
    if (this.#compiled.has(key)) return Promise.resolve();
    const underWay = this.#inFlight.get(key);
    if (underWay !== undefined) return underWay;
    const work = this.#inTurn(() => this.#compileAsync(spec, key)).finally(() => this.#inFlight.delete(key));
    this.#inFlight.set(key, work);
    return work;
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    if (this.#running >= mostAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      if (this.#closed) throw new Error('the GPU device is already destroyed');
      await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }

  async #compileAsync(spec: KernelSpec, key: string): Promise<void> {
    const { describe, finish } = this.#prepare(spec);
    const pipeline = await this.#device.createComputePipelineAsync(describe).catch((error: unknown) => {
      throw new Error(`kernel ${spec.name}: ${error instanceof Error ? error.message : String(error)}`);
    });
    this.#compiled.set(key, finish(pipeline));
  }

  #prepare(spec: KernelSpec) {
    const device = this.#device;
    for (const feature of spec.requires ?? []) {
      if (!device.features.has(featureNames[feature]))
        throw new Error(`kernel ${spec.name} needs the device feature ${feature}`);
    }
    const source = shaderSource(spec);
    this.#failures.check(`before kernel ${spec.name}`);
    const module = device.createShaderModule({ label: spec.name, code: source.code });
    // Dawn reports errors of a module while it is created.
    const message = this.#failures.take();
    if (message !== undefined) throw new Error(explainCompileError(spec, source, message));
    const layout = device.createBindGroupLayout({ label: spec.name, entries: layoutEntries(spec) });
    const describe: GPUComputePipelineDescriptor = {
      label: spec.name,
      layout: device.createPipelineLayout({ label: spec.name, bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main', constants: { ...spec.constants } },
    };
    const finish = (pipeline: GPUComputePipeline): CompiledKernel => ({
      pipeline,
      layout,
      bindings: Object.entries(spec.bindings),
      params: Object.entries(spec.params),
    });
    return { describe, finish };
  }
}

function layoutEntries(spec: KernelSpec): GPUBindGroupLayoutEntry[] {
  const storage = Object.values(spec.bindings).map(
    (access, index): GPUBindGroupLayoutEntry => ({
      binding: index + 1,
      visibility: stageCompute,
      buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' },
    }),
  );
  if (Object.keys(spec.params).length === 0) return storage;
  return [{ binding: 0, visibility: stageCompute, buffer: { type: 'uniform', hasDynamicOffset: true } }, ...storage];
}
