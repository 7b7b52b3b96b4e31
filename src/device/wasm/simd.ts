/** Which SIMD instructions compiled kernels use. */
import { setFlagsFromString } from 'node:v8';

/** `relaxed`: a product and its sum round once where the machine can. `fixed`: twice, to the same bits everywhere. */
export type SimdKind = 'fixed' | 'relaxed';

/** f32x4.relaxed_madd on three zeros. */
const relaxedModule = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, 0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x13, 0x01, 0x11, 0x00, ...[0, 1, 2].flatMap(() => [0x41, 0x00, 0xfd, 0x11]), 0xfd, 0x85, 0x02, 0x0b],
]);

/**
 * V8's flags of Node 20, for the whole process: relaxed SIMD, which later releases have without a flag, and loops as
 * they are written, because V8 11 runs out of registers where it unrolls those of matrix products.
 */
const flagsOfV8_11 = ['--experimental-wasm-relaxed-simd', '--no-wasm-loop-unrolling'];

/** Relaxed SIMD where this engine has it, unless it is not wanted. Before the first kernel is compiled. */
export function simdKind(wanted: SimdKind = 'relaxed'): SimdKind {
  if (wanted === 'fixed') return 'fixed';
  if (!isRelaxedThere() && process.versions.v8.startsWith('11.'))
    for (const flag of flagsOfV8_11) setFlagsFromString(flag);
  return isRelaxedThere() ? 'relaxed' : 'fixed';
}

const isRelaxedThere = (): boolean => WebAssembly.validate(relaxedModule);
