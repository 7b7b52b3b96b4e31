/** LayerNorm over the channels of a token (Ba et al. 2016) and L2 normalisation of rows, forward and backward. */

import type { Gpu, KernelForm, KernelSpec, Tensor } from '../device/types.ts';
import { withLeases } from '../device/types.ts';
import { forWidth, inForms } from './forms.ts';
import { chunkGroups, chunkOf, columnsOfGroup, formFor, normOfColumns, normOfRows, rowGroups } from './norm-rows.ts';

const layerNormForwardOf = (beta: boolean) =>
  normOfRows({
    name: `layernorm_forward${beta ? '' : '_no_beta'}`,
    shader: 'norm/layernorm_forward',
    header: `const BETA = ${beta};`,
    bindings: { x: 'read', gamma: 'read', beta: 'read', out: 'write', mean: 'write', rstd: 'write' },
    params: { rows: 'u32', width: 'u32', epsilon: 'f32' },
  });
const layerNormForwardKernels = layerNormForwardOf(true);
const layerNormNoBetaKernels = layerNormForwardOf(false);

const layerNormBackwardKernels = normOfRows(
  {
    name: 'layernorm_backward',
    shader: 'norm/layernorm_backward',
    bindings: { x: 'read', gamma: 'read', mean: 'read', rstd: 'read', dOut: 'read', dX: 'write' },
    params: { rows: 'u32', width: 'u32' },
  },
  // Its row form makes two sums at once.
  [],
);

const layerNormPartialKernels = normOfColumns({
  name: 'layernorm_partial',
  shader: 'norm/layernorm_partial',
  bindings: { x: 'read', mean: 'read', rstd: 'read', dOut: 'read', partial: 'write' },
  params: { rows: 'u32', width: 'u32', chunk: 'u32', columnGroups: 'u32' },
});

const layerNormParametersKernels = inForms(
  {
    name: 'layernorm_parameters',
    bindings: { partial: 'read', dGamma: 'write', dBeta: 'write' },
    params: { chunks: 'u32', width: 'u32' },
  },
  () => ({ shader: 'norm/layernorm_parameters.wgsl', include: ['common/grid.wgsl'] }),
);

const l2NormalizeForwardKernels = normOfRows({
  name: 'l2_normalize_forward',
  shader: 'norm/l2_normalize_forward',
  bindings: { x: 'read', out: 'write', norm: 'write' },
  params: { rows: 'u32', width: 'u32' },
});

const l2NormalizeBackwardKernels = normOfRows({
  name: 'l2_normalize_backward',
  shader: 'norm/l2_normalize_backward',
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
  const [rows, columns] = x.shape as [number, number];
  const kernels = beta === undefined ? layerNormNoBetaKernels : layerNormForwardKernels;
  const { kernel, width } = forWidth(kernels, form, columns);
  gpu.dispatch(kernel, {
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
  /** [T, C], written; absent = not wanted */
  readonly dX?: Tensor | undefined;
  /** [C], accumulates (+=); absent = not wanted */
  readonly dGamma?: Tensor | undefined;
  /** [C], accumulates (+=); absent = not wanted, or there is no beta */
  readonly dBeta?: Tensor | undefined;
  /** The device's by default. */
  readonly form?: KernelForm;
}

/** The parameters' gradients are summed in two stages of fixed order: chunks of rows, then the chunks. */
export function layerNormBackward(gpu: Gpu, call: LayerNormBackward): void {
  const { x, gamma, mean, rstd, dOut, dX, dGamma, dBeta } = call;
  const form = formFor(gpu, call.form);
  const [rows, columns] = x.shape as [number, number];
  const { kernel, width } = forWidth(layerNormBackwardKernels, form, columns);
  if (dX) {
    gpu.dispatch(kernel, {
      bindings: { x, gamma, mean, rstd, dOut, dX },
      params: { rows, width },
      grid: rowGroups(rows, form),
    });
  }
  if (!dGamma && !dBeta) return;
  const chunk = chunkOf(rows);
  const chunks = Math.ceil(rows / chunk);
  const columnGroups = columnsOfGroup(width);
  withLeases(gpu, (lease) => {
    const partial = lease('layernorm.partial', [chunks, 2, columns]);
    gpu.dispatch(forWidth(layerNormPartialKernels, form, columns).kernel, {
      bindings: { x, mean, rstd, dOut, partial },
      params: { rows, width, chunk, columnGroups },
      grid: chunkGroups(chunks, columnGroups, form),
    });
    // Both are summed, and what is not wanted is thrown away.
    const unused = () => lease('layernorm.unused', [columns]);
    gpu.dispatch(forWidth(layerNormParametersKernels, form, columns).kernel, {
      bindings: { partial, dGamma: dGamma ?? unused(), dBeta: dBeta ?? unused() },
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
  const [rows, columns] = x.shape as [number, number];
  const { kernel, width } = forWidth(l2NormalizeForwardKernels, form, columns);
  gpu.dispatch(kernel, {
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
  const [rows, columns] = out.shape as [number, number];
  const { kernel, width } = forWidth(l2NormalizeBackwardKernels, form, columns);
  gpu.dispatch(kernel, {
    bindings: { out, norm, dOut, dX },
    params: { rows, width },
    grid: rowGroups(rows, form),
  });
}

/** LayerNorm without beta: for the families that have it so. */
export const noBetaKernels: readonly KernelSpec[] = Object.values(layerNormNoBetaKernels);

export const normKernels: readonly KernelSpec[] = [
  layerNormForwardKernels,
  layerNormBackwardKernels,
  layerNormPartialKernels,
  layerNormParametersKernels,
  l2NormalizeForwardKernels,
  l2NormalizeBackwardKernels,
].flatMap((kernels) => Object.values(kernels));
