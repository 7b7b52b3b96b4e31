/** Tests on the device whether a tensor holds a value that is not finite. */
import { elementCount, type Gpu, type KernelSpec, type Tensor } from '../device/types.ts';

/** Elements that one workgroup tests. As in check/non_finite.wgsl. */
const SPAN = 4096;

export const nonFiniteKernel = {
  name: 'non_finite',
  shader: 'check/non_finite.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { x: 'read', flags: 'write' },
  params: { count: 'u32', slot: 'u32' },
} as const satisfies KernelSpec;

/** Sets flags[slot] (u32) if x holds Inf or NaN; leaves it otherwise. */
export function flagNonFinite(gpu: Gpu, { x, flags, slot }: { x: Tensor; flags: Tensor; slot: number }): void {
  const count = elementCount(x.shape);
  gpu.dispatch(nonFiniteKernel, {
    bindings: { x, flags },
    params: { count, slot },
    grid: [Math.ceil(count / SPAN)],
  });
}
