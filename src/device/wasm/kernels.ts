/** The kernels that the build has compiled: found by name, checked against the WGSL that they were made of. */
import { readFileSync } from 'node:fs';
import { compiledKernel } from '../../assets.ts';
import { shaderSource } from '../shader-source.ts';
import type { KernelSpec } from '../types.ts';
import { hashOf, noteOf } from './kernel-note.ts';
import type { SimdKind } from './simd.ts';
import type { ComputeThreads } from './threads.ts';

/** Scratch memory of a thread. */
export const scratchBytes = 256 * 1024;

/** Returns the bytes of a kernel's module. */
export type KernelSource = (spec: KernelSpec) => Uint8Array<ArrayBuffer>;

/** Reads what the build has left. Throws with the command that makes it where it is missing or stale. */
export const builtKernels =
  (simd: SimdKind): KernelSource =>
  (spec) => {
    const file = compiledKernel(simd, spec.name);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = readFileSync(file);
    } catch (error) {
      throw new Error(`kernel ${spec.name} is not compiled (${file} is missing): run \`npm run build\``, {
        cause: error,
      });
    }
    return bytes;
  };

export interface CompiledKernel {
  readonly number: number;
  /** Of its WGSL. */
  readonly hash: string;
  readonly bindings: readonly (readonly [name: string, access: 'read' | 'write'])[];
  readonly params: readonly (readonly [name: string, type: 'u32' | 'f32' | 'i32'])[];
}

export class KernelCache {
  readonly #source: KernelSource;
  readonly #threads: ComputeThreads;
  readonly #compiled = new Map<string, CompiledKernel>();
  /** Specs that were compared. */
  readonly #known = new WeakMap<KernelSpec, CompiledKernel>();

  constructor(source: KernelSource, threads: ComputeThreads) {
    this.#source = source;
    this.#threads = threads;
  }

  get(spec: KernelSpec): CompiledKernel {
    const known = this.#known.get(spec) ?? this.#find(spec);
    if (known !== undefined) return known;
    return this.#add(spec, new WebAssembly.Module(this.#bytesOf(spec)));
  }

  /** Compiles in advance, in parallel. */
  async compile(specs: readonly KernelSpec[]): Promise<void> {
    const missing = [...new Map(specs.map((spec) => [spec.name, spec])).values()].filter(
      ({ name }) => !this.#compiled.has(name),
    );
    await Promise.all(
      missing.map(async (spec) => {
        const module = await WebAssembly.compile(this.#bytesOf(spec));
        if (!this.#compiled.has(spec.name)) this.#add(spec, module);
      }),
    );
  }

  /** The kernel of that name, which must be the same. */
  #find(spec: KernelSpec): CompiledKernel | undefined {
    const kernel = this.#compiled.get(spec.name);
    if (kernel === undefined) return undefined;
    if (kernel.hash !== hashOf(shaderSource(spec).code))
      throw new Error(`two different kernels are named ${spec.name}`);
    this.#known.set(spec, kernel);
    return kernel;
  }

  #bytesOf(spec: KernelSpec): Uint8Array<ArrayBuffer> {
    if (spec.form === 'workgroup') throw new Error(`kernel ${spec.name} has the workgroup form, which no CPU runs`);
    if (spec.constants !== undefined) throw new Error(`kernel ${spec.name} has constants, which no CPU kernel has`);
    if (spec.requires !== undefined) throw new Error(`kernel ${spec.name} requires ${spec.requires.join(' and ')}`);
    return this.#source(spec);
  }

  #add(spec: KernelSpec, module: WebAssembly.Module): CompiledKernel {
    const { name } = spec;
    const note = noteOf(module);
    if (note?.name !== name || note.hash !== hashOf(shaderSource(spec).code)) {
      throw new Error(`the compiled kernel ${name} is not of this WGSL: run \`npm run build\``);
    }
    if (note.scratch > scratchBytes) throw new Error(`kernel ${name} needs ${note.scratch} bytes of scratch memory`);
    const bindings = Object.entries(spec.bindings);
    const { hash } = note;
    const kernel: CompiledKernel = { number: this.#compiled.size, hash, bindings, params: Object.entries(spec.params) };
    this.#compiled.set(name, kernel);
    this.#known.set(spec, kernel);
    this.#threads.load({ kernel: kernel.number, name, bindings: bindings.map(([binding]) => binding), module });
    return kernel;
  }
}
