/**
 * How a dispatch stands in memory, in 32-bit words, as compiled kernels read it: the grid, an address and a size in
 * bytes for each binding, the params. Shared with the compiler.
 */
import type { KernelSpec } from '../types.ts';

export interface CommandLayout {
  /** Words of the numbers of workgroups, x and y. */
  readonly grid: readonly [x: number, y: number];
  /** The word of a binding's address, from 0; its size is in the next. */
  binding(index: number): number;
  /** The word of the first parameter. */
  readonly params: number;
  readonly words: number;
}

export function commandLayout({ bindings, params }: Pick<KernelSpec, 'bindings' | 'params'>): CommandLayout {
  const first = 2;
  const behind = first + 2 * Object.keys(bindings).length;
  return {
    grid: [0, 1],
    binding: (index) => first + 2 * index,
    params: behind,
    words: behind + Object.keys(params).length,
  };
}
