/** tanh forward and backward, elementwise on f32. Only models with such dense layers use it, on one vector a text. */
import { elementCount, type Gpu, type KernelSpec, type Tensor } from '../device/types.ts';

const tanhForwardKernel: KernelSpec<'x' | 'out', 'count'> = {
  name: 'tanh-forward',
  include: ['common/grid.wgsl', 'elementwise/tanh.wgsl'],
  shader: 'elementwise/tanh_forward.wgsl',
  bindings: { x: 'read', out: 'write' },
  params: { count: 'u32' },
};

const tanhBackwardKernel: KernelSpec<'y' | 'dOut' | 'dX', 'count'> = {
  name: 'tanh-backward',
  include: ['common/grid.wgsl'],
  shader: 'elementwise/tanh_backward.wgsl',
  bindings: { y: 'read', dOut: 'read', dX: 'write' },
  params: { count: 'u32' },
};

export const tanhKernels: readonly KernelSpec[] = [tanhForwardKernel, tanhBackwardKernel];

/** Workgroups of 64 invocations, 4 elements each. */
const gridOf = (count: number): [number] => [Math.ceil(count / 256)];

/** out = tanh(x), shapes equal. */
export function tanhForward(gpu: Gpu, { x, out }: { x: Tensor; out: Tensor }): void {
  const count = elementCount(x.shape);
  gpu.dispatch(tanhForwardKernel, { bindings: { x, out }, params: { count }, grid: gridOf(count) });
}

/** dX = dOut (1 - y^2); `y` is the forward's result. */
export function tanhBackward(gpu: Gpu, { y, dOut, dX }: { y: Tensor; dOut: Tensor; dX: Tensor }): void {
  const count = elementCount(y.shape);
  gpu.dispatch(tanhBackwardKernel, { bindings: { y, dOut, dX }, params: { count }, grid: gridOf(count) });
}
