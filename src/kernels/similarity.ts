/** Cosines of unit rows, pair by pair. The matrix of all cosines is `matmulNT` of the unit rows. */
import type { Gpu, Tensor } from '../device/types.ts';
import { forWidth, inFormsOfLanes, sumsOverRows } from './forms.ts';

/** Lanes of every workgroup of this file and of loss.ts that gives each lane an element. */
export const LANES = 64;

/** Shared sums and maxima over a workgroup. */
export const reduceShader = 'loss/reduce.wgsl';

const rowDotForwardKernels = sumsOverRows(
  {
    name: 'row_dot_forward',
    shader: 'loss/row_dot_forward',
    bindings: { a: 'read', b: 'read', out: 'write' },
    params: { rows: 'u32', width: 'u32' },
  },
  reduceShader,
);

const rowDotBackwardKernels = inFormsOfLanes({
  name: 'row_dot_backward',
  shader: 'loss/row_dot_backward.wgsl',
  bindings: { a: 'read', b: 'read', dOut: 'read', dA: 'write', dB: 'write' },
  params: { rows: 'u32', width: 'u32' },
});

/** out[i] = a_i . b_i. a, b [B, C]; out [B]. */
export function rowDotForward(gpu: Gpu, tensors: { a: Tensor; b: Tensor; out: Tensor }): void {
  const [rows, columns] = tensors.a.shape;
  const { kernel, width } = forWidth(rowDotForwardKernels, gpu.traits.form, columns);
  gpu.dispatch(kernel, { bindings: tensors, params: { rows, width }, grid: [rows] });
}

/** dA_i = dOut_i b_i, dB_i = dOut_i a_i, overwritten. a, b, dA, dB [B, C]; dOut [B]. */
export function rowDotBackward(
  gpu: Gpu,
  tensors: { a: Tensor; b: Tensor; dOut: Tensor; dA: Tensor; dB: Tensor },
): void {
  const [rows, columns] = tensors.a.shape;
  const { kernel, width } = forWidth(rowDotBackwardKernels, gpu.traits.form, columns);
  gpu.dispatch(kernel, { bindings: tensors, params: { rows, width }, grid: [rows] });
}

export const similarityKernels = [
  ...Object.values(rowDotForwardKernels),
  ...Object.values(rowDotBackwardKernels),
] as const;
