/** Rotary position embedding (Su et al. 2021, arXiv 2104.09864) of queries and keys, forward and backward. */
import type { RopeScaling } from '../formats/types.ts';
import type { Gpu, KernelSpec, Tensor } from '../gpu/types.ts';
import { rotaryFrequencies } from './rotary-frequencies.ts';

const rotateKernel = {
  name: 'rotate',
  shader: 'rotary/rotate.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { x: 'read', positions: 'read', table: 'read', out: 'write' },
  params: { tokens: 'u32', heads: 'u32', quarters: 'u32', direction: 'f32' },
} as const satisfies KernelSpec;

/**
 * Cosines and sines of positions 0 to `positions` - 1, [positions, 2, D / 2]. The angles are rounded to f32 where
 * transformers rounds them (frequency, then angle), because at a position of thousands the roundings show. Made on the
 * host: WGSL promises its sine to 2^-11 only.
 */
export function rotaryTable(positions: number, size: number, theta: number, scaling?: RopeScaling): Float32Array {
  const half = size / 2;
  const table = new Float32Array(positions * size);
  const { frequencies, amplitude } = rotaryFrequencies(size, theta, scaling);
  for (let position = 0; position < positions; position++) {
    for (let d = 0; d < half; d++) {
      const angle = Math.fround(position * frequencies[d]!);
      table[position * size + d] = amplitude * Math.cos(angle);
      table[position * size + half + d] = amplitude * Math.sin(angle);
    }
  }
  return table;
}

export interface Rotate {
  /** [T, H * D] */
  readonly x: Tensor;
  /** [T] u32 position of each token in its text */
  readonly positions: Tensor;
  /** [P, 2, D / 2], see {@link rotaryTable}; P above every position */
  readonly table: Tensor;
  /** D, a multiple of 8 */
  readonly size: number;
  /** [T, H * D], written */
  readonly out: Tensor;
  /** True: by the opposite angle, which takes a gradient back. */
  readonly back: boolean;
}

/** Turns every pair (d, d + D / 2) of a head's channels by its position's angle. */
export function rotate(gpu: Gpu, { x, positions, table, size, out, back }: Rotate): void {
  const [tokens, width] = x.shape as [number, number];
  const heads = width / size;
  if (size % 8 !== 0 || !Number.isInteger(heads)) throw new Error(`rotate: x [${x.shape}], heads of ${size}`);
  gpu.dispatch(rotateKernel, {
    bindings: { x, positions, table, out },
    params: { tokens, heads, quarters: size / 8, direction: back ? -1 : 1 },
    grid: [Math.ceil((tokens * heads * size) / 8 / 64)],
  });
}

export const rotaryKernels: readonly KernelSpec[] = [rotateKernel];
