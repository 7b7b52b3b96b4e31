/** Opens the CPU device in the thread that calls it: the device thread, or a test process. */
import { cpus } from 'node:os';
import { badInput } from '../../errors.ts';
import type { AdapterReport } from '../types.ts';
import { WasmDevice } from './device.ts';
import { builtKernels, type KernelSource, type SimdKind } from './kernels.ts';
import { addressSpace } from './ranges.ts';
import { mostThreads } from './ring.ts';
import { availableCores } from './threads.ts';

export interface OpenWasmOptions {
  /** Computing threads; absent = as many as there are cores for this process. Results do not depend on it. */
  readonly threads?: number | undefined;
  /** Why no GPU computes, where one was looked for. */
  readonly noGpu?: string;
  /** Where compiled kernels come from; absent = from the build. */
  readonly kernels?: KernelSource;
}

/** f32x4.relaxed_madd on three zeros. */
const relaxedModule = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x13, 0x01, 0x11, 0x00, ...[0, 1, 2].flatMap(() => [0x41, 0x00, 0xfd, 0x11]), 0xfd, 0x85, 0x02, 0x0b],
]);

/** Relaxed SIMD where this engine has it: Node 22 and later. */
export const simdKind = (): SimdKind => (WebAssembly.validate(relaxedModule) ? 'relaxed' : 'fixed');

export function openWasm({ threads = availableCores(), noGpu, kernels }: OpenWasmOptions = {}): WasmDevice {
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads) {
    throw badInput(`${threads} threads`, {
      field: 'TANDEM_THREADS',
      expected: `a whole number from 1 to ${mostThreads}`,
    });
  }
  const simd = simdKind();
  return new WasmDevice({
    report: { ...reportOf(simd, threads), notice: noGpu ?? null },
    threads,
    kernels: kernels ?? builtKernels(simd),
  });
}

const reportOf = (simd: SimdKind, threads: number): AdapterReport => ({
  name: cpus()[0]?.model.trim() || 'CPU',
  vendor: '',
  architecture: process.arch,
  driver: `WebAssembly SIMD${simd === 'relaxed' ? ' with relaxed multiply-and-add' : ''}`,
  backend: 'wasm',
  type: 'cpu',
  software: true,
  features: [simd === 'relaxed' ? 'relaxed-simd' : 'simd'],
  limits: { threads, maxBufferSize: addressSpace },
});
