/**
 * What kernel tests share: the one device of a test process, seeded data, and a comparison that cannot be fooled by
 * NaN.
 */

import { elementCount, type Gpu, type KernelForm, type Tensor } from '../src/device/types.ts';
import { openWasm } from '../src/device/wasm/open.ts';
import { simdKind } from '../src/device/wasm/simd.ts';
import { openGpu } from '../src/device/webgpu/open.ts';
import { compileKernel } from '../src/wgsl/compile.ts';
import type { Tolerance } from './tolerances.ts';

const name = process.env['TANDEM_TEST_ADAPTER'] ?? '';
const isCpu = name.startsWith('cpu');
/** The adapter of tests that are about WebGPU. */
export const webGpuName = isCpu ? 'SwiftShader' : name === 'gpu' ? undefined : name;

let opened: Promise<Gpu> | undefined;

/**
 * The device of this process. A check that finds no adapter fails. TANDEM_TEST_ADAPTER insists on an adapter by a part
 * of its name, on hardware (`gpu`), or on the CPU device: `cpu`, or `cpu-checked` with kernels that test every index
 * into memory.
 */
export function testGpu(): Promise<Gpu> {
  opened ??= openTestGpu();
  return opened;
}

/** The forms of kernels that the device of this process runs. */
export const testForms: readonly KernelForm[] = isCpu ? ['row'] : ['row', 'workgroup'];

/** A device of the test's own. */
export async function openTestGpu(): Promise<Gpu> {
  if (isCpu) {
    // Compiled here, so that a changed shader is tested without a build.
    const options = { checked: name === 'cpu-checked', relaxed: simdKind() === 'relaxed' };
    return openWasm({ threads: 1, kernels: (spec) => compileKernel(spec, options) });
  }
  return openGpu({ name: webGpuName });
}

/** Sizes that catch edge mistakes: 1, primes, and tiles of 4 to 128 with one more or less. */
export const awkward: readonly number[] = [1, 3, 7, 13, 31, 32, 33, 63, 64, 65, 127, 129];

/** A seeded generator (mulberry32, public domain by T. Ettinger). */
export function random(seed: number) {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return {
    /** In [0, 1). */
    uniform,
    normal,
    integer: (below: number): number => Math.floor(uniform() * below),
    floats: (count: number, scale = 1): Float32Array<ArrayBuffer> =>
      Float32Array.from({ length: count }, () => normal() * scale),
    integers: (count: number, below: number): Uint32Array<ArrayBuffer> =>
      Uint32Array.from({ length: count }, () => Math.floor(uniform() * below)),
  };
}

/** A tensor with the given content, until `gpu.free`. */
export function upload(gpu: Gpu, label: string, shape: readonly number[], data: Float32Array | Uint32Array): Tensor {
  const tensor = gpu.allocate(label, shape, data instanceof Uint32Array ? 'u32' : 'f32');
  gpu.write(tensor, data);
  return tensor;
}

/** A tensor full of NaN: what a kernel does not write stays visible. */
export const unwritten = (gpu: Gpu, label: string, shape: readonly number[]): Tensor =>
  upload(gpu, label, shape, new Float32Array(elementCount(shape)).fill(Number.NaN));

/** Runs `work`, then frees every tensor that it uploaded through `scope`. */
export async function withTensors<T>(gpu: Gpu, work: (scope: TensorScope) => Promise<T>): Promise<T> {
  const tensors: Tensor[] = [];
  const keep = (tensor: Tensor): Tensor => {
    tensors.push(tensor);
    return tensor;
  };
  try {
    return await work({
      upload: (label, shape, data) => keep(upload(gpu, label, shape, data)),
      unwritten: (label, shape) => keep(unwritten(gpu, label, shape)),
    });
  } finally {
    for (const tensor of tensors) gpu.free(tensor);
  }
}

export interface TensorScope {
  upload(label: string, shape: readonly number[], data: Float32Array | Uint32Array): Tensor;
  unwritten(label: string, shape: readonly number[]): Tensor;
}

/** Fails on the first difference of NaN or Inf, then on the largest one beyond the tolerance. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute, relative }: Tolerance,
  what = 'value',
): void {
  if (actual.length !== expected.length)
    throw new Error(`${what}: length ${actual.length}, expected ${expected.length}`);
  let worst = 0;
  let message: string | undefined;
  for (let index = 0; index < expected.length; index += 1) {
    const [a, e] = [actual[index]!, expected[index]!];
    if (!Number.isFinite(e) || !Number.isFinite(a)) {
      if (!Object.is(a, e)) throw new Error(`${what}[${index}] is ${a}, expected ${e}`);
      continue;
    }
    const excess = Math.abs(a - e) / (absolute + relative * Math.abs(e) || Number.MIN_VALUE);
    if (!(excess <= 1) && !(excess <= worst)) {
      worst = excess;
      const off = `off by ${Math.abs(a - e)}, ${excess.toFixed(1)} times the tolerance`;
      message = `${what}[${index}] is ${a}, expected ${e}: ${off}`;
    }
  }
  if (message !== undefined) throw new Error(message);
}

/** Gradients: ||actual - expected|| <= 1e-3 * max(||expected||, 1e-5 * allNorm), after the check of NaN and Inf. */
export function expectGradient(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what = 'gradient',
  allNorm = 0,
): void {
  if (actual.length !== expected.length)
    throw new Error(`${what}: length ${actual.length}, expected ${expected.length}`);
  let difference = 0;
  let norm = 0;
  for (let index = 0; index < expected.length; index += 1) {
    if (!Number.isFinite(actual[index]!))
      throw new Error(`${what}[${index}] is ${actual[index]}, expected ${expected[index]}`);
    difference += (actual[index]! - expected[index]!) ** 2;
    norm += expected[index]! ** 2;
  }
  const bound = 1e-3 * Math.max(Math.sqrt(norm), 1e-5 * allNorm);
  if (!(Math.sqrt(difference) <= bound)) throw new Error(`${what}: off by ${Math.sqrt(difference)}, allowed ${bound}`);
}
