/** Cosines of unit rows, pair by pair. The matrix of all cosines is `matmulNT` of the unit rows. */
import type { Gpu, KernelSpec, Tensor } from '../device/types.ts';
import { withSharedLanes } from './shared-lanes.ts';

/** Lanes of every workgroup of this file and of loss.ts that gives each lane an element. */
export const LANES = 64;

/** Shared sums and maxima over a workgroup. */
export const reduceShader = 'loss/reduce.wgsl';

const rowDotForwardKernels = withSharedLanes({
  name: 'row_dot_forward',
  shader: 'loss/row_dot_forward.wgsl',
  include: [reduceShader],
  bindings: { a: 'read', b: 'read', out: 'write' },
  params: { rows: 'u32', width: 'u32' },
});

const rowDotBackwardKernel = {
  name: 'row_dot_backward',
  shader: 'loss/row_dot_backward.wgsl',
  bindings: { a: 'read', b: 'read', dOut: 'read', dA: 'write', dB: 'write' },
  params: { rows: 'u32', width: 'u32' },
} as const satisfies KernelSpec;

/** out[i] = a_i . b_i. a, b [B, C]; out [B]. */
export function rowDotForward(gpu: Gpu, tensors: { a: Tensor; b: Tensor; out: Tensor }): void {
  const [rows, width] = tensors.a.shape;
  gpu.dispatch(rowDotForwardKernels[gpu.traits.form], { bindings: tensors, params: { rows, width }, grid: [rows] });
}

/** dA_i = dOut_i b_i, dB_i = dOut_i a_i, overwritten. a, b, dA, dB [B, C]; dOut [B]. */
export function rowDotBackward(
  gpu: Gpu,
  tensors: { a: Tensor; b: Tensor; dOut: Tensor; dA: Tensor; dB: Tensor },
): void {
  const [rows, width] = tensors.a.shape;
  const grid = [Math.ceil((rows * width) / LANES)] as const;
  gpu.dispatch(rowDotBackwardKernel, { bindings: tensors, params: { rows, width }, grid });
}

export const similarityKernels = [...Object.values(rowDotForwardKernels), rowDotBackwardKernel] as const;
