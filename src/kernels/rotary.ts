/** Rotary position embedding (Su et al. 2021, arXiv 2104.09864) of queries and keys, forward and backward. */

import type { Gpu, KernelSpec, Tensor } from '../device/types.ts';
import type { RopeScaling } from '../model/types.ts';
import { rotaryFrequencies } from './rotary-frequencies.ts';

/** A kernel that turns `lane` pairs of channels at once. */
const rotateKernel = (lane: 1 | 4) =>
  ({
    name: lane === 4 ? 'rotate_aligned' : 'rotate_any',
    shader: 'rotary/rotate.wgsl',
    include: ['common/grid.wgsl'],
    header: `alias Lane = ${lane === 4 ? 'vec4f' : 'f32'};`,
    bindings: { x: 'read', positions: 'read', table: 'read', out: 'write' },
    // half: lanes of half a head; direction: 1 forward, -1 backward.
    params: { tokens: 'u32', heads: 'u32', half: 'u32', direction: 'f32' },
  }) as const satisfies KernelSpec;

const [aligned, any] = [rotateKernel(4), rotateKernel(1)];

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
  /** D, even */
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
  if (size % 2 !== 0 || !Number.isInteger(heads)) throw new Error(`rotate: x [${x.shape}], heads of ${size}`);
  const lane = size % 8 === 0 ? 4 : 1;
  const half = size / 2 / lane;
  gpu.dispatch(lane === 4 ? aligned : any, {
    bindings: { x, positions, table, out },
    params: { tokens, heads, half, direction: back ? -1 : 1 },
    grid: [Math.ceil((tokens * heads * half) / 64)],
  });
}

export const rotaryKernels: readonly KernelSpec[] = [aligned, any];
