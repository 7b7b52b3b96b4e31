/** LayerNorm over the channels of a token (Ba et al. 2016) and L2 normalisation of rows, forward and backward. */
import type { Gpu, KernelSpec, Tensor } from '../gpu/types.ts';

/** Rows of one workgroup: 16 lanes a row, 64 lanes. Shaders: norm/row_sum.wgsl. */
const ROWS = 4;
/** Columns of one workgroup where a lane owns a column. */
const COLUMNS = 64;

const INCLUDE = ['common/grid.wgsl', 'norm/row_sum.wgsl'] as const;

export const layerNormForwardKernel = {
  name: 'layernorm_forward',
  shader: 'norm/layernorm_forward.wgsl',
  include: INCLUDE,
  bindings: { x: 'read', gamma: 'read', beta: 'read', out: 'write', mean: 'write', rstd: 'write' },
  params: { rows: 'u32', width: 'u32', epsilon: 'f32' },
} as const satisfies KernelSpec;

export const layerNormBackwardKernel = {
  name: 'layernorm_backward',
  shader: 'norm/layernorm_backward.wgsl',
  include: INCLUDE,
  bindings: { x: 'read', gamma: 'read', mean: 'read', rstd: 'read', dOut: 'read', dX: 'write' },
  params: { rows: 'u32', width: 'u32' },
} as const satisfies KernelSpec;

export const layerNormPartialKernel = {
  name: 'layernorm_partial',
  shader: 'norm/layernorm_partial.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { x: 'read', mean: 'read', rstd: 'read', dOut: 'read', partial: 'write' },
  params: { rows: 'u32', width: 'u32', chunk: 'u32', columnGroups: 'u32' },
} as const satisfies KernelSpec;

export const layerNormParametersKernel = {
  name: 'layernorm_parameters',
  shader: 'norm/layernorm_parameters.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { partial: 'read', dGamma: 'write', dBeta: 'write' },
  params: { chunks: 'u32', width: 'u32' },
} as const satisfies KernelSpec;

export const l2NormalizeForwardKernel = {
  name: 'l2_normalize_forward',
  shader: 'norm/l2_normalize_forward.wgsl',
  include: INCLUDE,
  bindings: { x: 'read', out: 'write', norm: 'write' },
  params: { rows: 'u32', width: 'u32' },
} as const satisfies KernelSpec;

export const l2NormalizeBackwardKernel = {
  name: 'l2_normalize_backward',
  shader: 'norm/l2_normalize_backward.wgsl',
  include: INCLUDE,
  bindings: { out: 'read', norm: 'read', dOut: 'read', dX: 'write' },
  params: { rows: 'u32', width: 'u32' },
} as const satisfies KernelSpec;

export interface LayerNormForward {
  /** [T, C] */
  readonly x: Tensor;
  /** [C] */
  readonly gamma: Tensor;
  /** [C] */
  readonly beta: Tensor;
  /** [T, C] */
  readonly out: Tensor;
  /** [T] */
  readonly mean: Tensor;
  /** [T] 1 / sqrt(variance + epsilon), population variance */
  readonly rstd: Tensor;
  readonly epsilon: number;
}

/** out = (x - mean) * rstd * gamma + beta, a row at a time; a row's result depends on that row only. */
export function layerNormForward(gpu: Gpu, { x, gamma, beta, out, mean, rstd, epsilon }: LayerNormForward): void {
  const [rows, width] = x.shape as [number, number];
  gpu.dispatch(layerNormForwardKernel, {
    bindings: { x, gamma, beta, out, mean, rstd },
    params: { rows, width, epsilon },
    grid: [Math.ceil(rows / ROWS)],
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
  /** [C], accumulates (+=) */
  readonly dBeta: Tensor;
}

/** The parameters' gradients are summed in two stages of fixed order: chunks of rows, then the chunks. */
export function layerNormBackward(gpu: Gpu, call: LayerNormBackward): void {
  const { x, gamma, mean, rstd, dOut, dX, dGamma, dBeta } = call;
  const [rows, width] = x.shape as [number, number];
  gpu.dispatch(layerNormBackwardKernel, {
    bindings: { x, gamma, mean, rstd, dOut, dX },
    params: { rows, width },
    grid: [Math.ceil(rows / ROWS)],
  });
  const chunk = Math.max(32, Math.ceil(rows / 128));
  const chunks = Math.ceil(rows / chunk);
  const columnGroups = Math.ceil(width / COLUMNS);
  const partial = gpu.lease('layernorm.partial', [chunks, 2, width]);
  gpu.dispatch(layerNormPartialKernel, {
    bindings: { x, mean, rstd, dOut, partial },
    params: { rows, width, chunk, columnGroups },
    grid: [chunks * columnGroups],
  });
  gpu.dispatch(layerNormParametersKernel, {
    bindings: { partial, dGamma, dBeta },
    params: { chunks, width },
    grid: [columnGroups],
  });
  gpu.release(partial);
}

export interface L2NormalizeForward {
  /** [B, C] */
  readonly x: Tensor;
  /** [B, C] */
  readonly out: Tensor;
  /** [B] the rows' lengths, as they are (not raised to 1e-12) */
  readonly norm: Tensor;
}

/** out = x / max(||x||, 1e-12), as torch's F.normalize. */
export function l2NormalizeForward(gpu: Gpu, { x, out, norm }: L2NormalizeForward): void {
  const [rows, width] = x.shape as [number, number];
  gpu.dispatch(l2NormalizeForwardKernel, {
    bindings: { x, out, norm },
    params: { rows, width },
    grid: [Math.ceil(rows / ROWS)],
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
}

/** dX = (dOut - out <out, dOut>) / norm; where the norm is below 1e-12 it counts as the constant: dX = dOut / 1e-12. */
export function l2NormalizeBackward(gpu: Gpu, { out, norm, dOut, dX }: L2NormalizeBackward): void {
  const [rows, width] = out.shape as [number, number];
  gpu.dispatch(l2NormalizeBackwardKernel, {
    bindings: { out, norm, dOut, dX },
    params: { rows, width },
    grid: [Math.ceil(rows / ROWS)],
  });
}

export const normKernels: readonly KernelSpec[] = [
  layerNormForwardKernel,
  layerNormBackwardKernel,
  layerNormPartialKernel,
  layerNormParametersKernel,
  l2NormalizeForwardKernel,
  l2NormalizeBackwardKernel,
];
