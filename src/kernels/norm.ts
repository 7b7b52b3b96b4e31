/** LayerNorm over the channels of a token (Ba et al. 2016) and L2 normalisation of rows, forward and backward. */

import type { Gpu, KernelForm, KernelSpec, Tensor } from '../device/types.ts';
import { withLeases } from '../device/types.ts';
import { chunkOf, columnsOfGroup, formFor, inBothForms, rowGroups } from './norm-rows.ts';

const layerNormForwardOf = (beta: boolean) =>
  inBothForms({
    name: `layernorm_forward${beta ? '' : '_no_beta'}`,
    shader: 'norm/layernorm_forward.wgsl',
    header: `const BETA = ${beta};`,
    bindings: { x: 'read', gamma: 'read', beta: 'read', out: 'write', mean: 'write', rstd: 'write' },
    params: { rows: 'u32', width: 'u32', epsilon: 'f32' },
  });
const layerNormForwardKernels = layerNormForwardOf(true);
const layerNormNoBetaKernels = layerNormForwardOf(false);

const layerNormBackwardKernels = inBothForms({
  name: 'layernorm_backward',
  shader: 'norm/layernorm_backward.wgsl',
  bindings: { x: 'read', gamma: 'read', mean: 'read', rstd: 'read', dOut: 'read', dX: 'write' },
  params: { rows: 'u32', width: 'u32' },
});

const layerNormPartialKernel = {
  name: 'layernorm_partial',
  shader: 'norm/layernorm_partial.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { x: 'read', mean: 'read', rstd: 'read', dOut: 'read', partial: 'write' },
  params: { rows: 'u32', width: 'u32', chunk: 'u32', columnGroups: 'u32' },
} as const satisfies KernelSpec;

const layerNormParametersKernel = {
  name: 'layernorm_parameters',
  shader: 'norm/layernorm_parameters.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { partial: 'read', dGamma: 'write', dBeta: 'write' },
  params: { chunks: 'u32', width: 'u32' },
} as const satisfies KernelSpec;

const l2NormalizeForwardKernels = inBothForms({
  name: 'l2_normalize_forward',
  shader: 'norm/l2_normalize_forward.wgsl',
  bindings: { x: 'read', out: 'write', norm: 'write' },
  params: { rows: 'u32', width: 'u32' },
});

const l2NormalizeBackwardKernels = inBothForms({
  name: 'l2_normalize_backward',
  shader: 'norm/l2_normalize_backward.wgsl',
  bindings: { out: 'read', norm: 'read', dOut: 'read', dX: 'write' },
  params: { rows: 'u32', width: 'u32' },
});

export interface LayerNormForward {
  /** [T, C] */
  readonly x: Tensor;
  /** [C] */
  readonly gamma: Tensor;
  /** [C]; absent = 0 */
  readonly beta?: Tensor | undefined;
  /** [T, C] */
  readonly out: Tensor;
  /** [T] */
  readonly mean: Tensor;
  /** [T] 1 / sqrt(variance + epsilon), population variance */
  readonly rstd: Tensor;
  readonly epsilon: number;
  /** The device's by default. */
  readonly form?: KernelForm;
}

/** out = (x - mean) * rstd * gamma + beta, a row at a time; a row's result depends on that row only. */
export function layerNormForward(gpu: Gpu, call: LayerNormForward): void {
  const { x, gamma, beta, out, mean, rstd, epsilon } = call;
  const form = formFor(gpu, call.form);
  const [rows, width] = x.shape as [number, number];
  const kernels = beta === undefined ? layerNormNoBetaKernels : layerNormForwardKernels;
  gpu.dispatch(kernels[form], {
    // Every binding needs a buffer: without beta, gamma stands in and is not read as one.
    bindings: { x, gamma, beta: beta ?? gamma, out, mean, rstd },
    params: { rows, width, epsilon },
    grid: rowGroups(rows, form),
  });
}

export interface LayerNormBackward {
  /** [T, C] */
  readonly x: Tensor;
  /** [C] */
  readonly gamma: Tensor;
  /** [T] */
  readonly mean: Tensor;
  /** [T] */
  readonly rstd: Tensor;
  /** [T, C] */
  readonly dOut: Tensor;
  /** [T, C], written */
  readonly dX: Tensor;
  /** [C], accumulates (+=) */
  readonly dGamma: Tensor;
  /** [C], accumulates (+=); absent = there is no beta */
  readonly dBeta?: Tensor | undefined;
  /** The device's by default. */
  readonly form?: KernelForm;
}

/** The parameters' gradients are summed in two stages of fixed order: chunks of rows, then the chunks. */
export function layerNormBackward(gpu: Gpu, call: LayerNormBackward): void {
  const { x, gamma, mean, rstd, dOut, dX, dGamma, dBeta } = call;
  const form = formFor(gpu, call.form);
  const [rows, width] = x.shape as [number, number];
  gpu.dispatch(layerNormBackwardKernels[form], {
    bindings: { x, gamma, mean, rstd, dOut, dX },
    params: { rows, width },
    grid: rowGroups(rows, form),
  });
  const chunk = chunkOf(rows);
  const chunks = Math.ceil(rows / chunk);
  const columnGroups = columnsOfGroup(width);
  withLeases(gpu, (lease) => {
    const partial = lease('layernorm.partial', [chunks, 2, width]);
    gpu.dispatch(layerNormPartialKernel, {
      bindings: { x, mean, rstd, dOut, partial },
      params: { rows, width, chunk, columnGroups },
      grid: [chunks * columnGroups],
    });
    // Without beta its gradient is summed all the same, and thrown away.
    const dBetaOrUnused = dBeta ?? lease('layernorm.unused', [width]);
    gpu.dispatch(layerNormParametersKernel, {
      bindings: { partial, dGamma, dBeta: dBetaOrUnused },
      params: { chunks, width },
      grid: [columnGroups],
    });
  });
}

export interface L2NormalizeForward {
  /** [B, C] */
  readonly x: Tensor;
  /** [B, C] */
  readonly out: Tensor;
  /** [B] the rows' lengths, as they are (not raised to 1e-12) */
  readonly norm: Tensor;
  /** The device's by default. */
  readonly form?: KernelForm;
}

/** out = x / max(||x||, 1e-12), as torch's F.normalize. */
export function l2NormalizeForward(gpu: Gpu, call: L2NormalizeForward): void {
  const { x, out, norm } = call;
  const form = formFor(gpu, call.form);
  const [rows, width] = x.shape as [number, number];
  gpu.dispatch(l2NormalizeForwardKernels[form], {
    bindings: { x, out, norm },
    params: { rows, width },
    grid: rowGroups(rows, form),
  });
}

export interface L2NormalizeBackward {
  /** [B, C] result of the forward pass */
  readonly out: Tensor;
  /** [B] */
  readonly norm: Tensor;
  /** [B, C] */
  readonly dOut: Tensor;
  /** [B, C], written */
  readonly dX: Tensor;
  /** The device's by default. */
  readonly form?: KernelForm;
}

/** dX = (dOut - out <out, dOut>) / norm; where the norm is below 1e-12 it counts as the constant: dX = dOut / 1e-12. */
export function l2NormalizeBackward(gpu: Gpu, call: L2NormalizeBackward): void {
  const { out, norm, dOut, dX } = call;
  const form = formFor(gpu, call.form);
  const [rows, width] = out.shape as [number, number];
  gpu.dispatch(l2NormalizeBackwardKernels[form], {
    bindings: { out, norm, dOut, dX },
    params: { rows, width },
    grid: rowGroups(rows, form),
  });
}

/** LayerNorm without beta: for the families that have it so. */
export const noBetaKernels: readonly KernelSpec[] = [layerNormNoBetaKernels.workgroup, layerNormNoBetaKernels.row];

export const normKernels: readonly KernelSpec[] = [
  layerNormForwardKernels.workgroup,
  layerNormForwardKernels.row,
  layerNormBackwardKernels.workgroup,
  layerNormBackwardKernels.row,
  layerNormPartialKernel,
  layerNormParametersKernel,
  l2NormalizeForwardKernels.workgroup,
  l2NormalizeForwardKernels.row,
  l2NormalizeBackwardKernels.workgroup,
  l2NormalizeBackwardKernels.row,
];
