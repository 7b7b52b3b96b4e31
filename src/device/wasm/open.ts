/** Opens the CPU device in the thread that calls it: the device thread, or a test process. */
import { cpus } from 'node:os';
import { badInput } from '../../errors.ts';
import type { AdapterReport } from '../types.ts';
import { WasmDevice } from './device.ts';
import { builtKernels, type KernelSource } from './kernels.ts';
import { addressSpace } from './ranges.ts';
import { mostThreads } from './ring.ts';
import { type SimdKind, simdKind } from './simd.ts';
import { availableCores } from './threads.ts';

export interface OpenWasmOptions {
  /** Computing threads; absent = as many as there are cores for this process. Results do not depend on it. */
  readonly threads?: number | undefined;
  /** Relaxed where the engine has it by default. */
  readonly simd?: SimdKind | undefined;
  /** Why no GPU computes, where one was looked for. */
  readonly noGpu?: string;
  /** Where compiled kernels come from; absent = from the build. */
  readonly kernels?: KernelSource;
}

export function openWasm(options: OpenWasmOptions = {}): WasmDevice {
  const { threads = availableCores(), noGpu, kernels } = options;
  if (!Number.isInteger(threads) || threads < 1 || threads > mostThreads) {
    throw badInput(`${threads} threads`, {
      field: 'TANDEM_THREADS',
      expected: `a whole number from 1 to ${mostThreads}`,
    });
  }
  const simd = simdKind(options.simd);
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
