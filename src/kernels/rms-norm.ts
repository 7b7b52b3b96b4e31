/**
 * RMSNorm (Zhang and Sennrich 2019, arXiv 1910.07467), forward and backward. A row is as wide as gamma: a token's
 * channels, or one head of a token where queries and keys are normalised head by head.
 */
import { elementCount, type Gpu, type KernelForm, type KernelSpec, type Tensor, withLeases } from '../device/types.ts';
import { forWidth } from './forms.ts';
import { columnSum } from './matmul.ts';
import { chunkGroups, chunkOf, columnsOfGroup, formFor, normOfColumns, normOfRows, rowGroups } from './norm-rows.ts';

const forwardKernels = normOfRows({
  name: 'rmsnorm_forward',
  shader: 'norm/rmsnorm_forward',
  bindings: { x: 'read', gamma: 'read', out: 'write', rstd: 'write' },
  params: { rows: 'u32', width: 'u32', epsilon: 'f32' },
});

const backwardKernels = normOfRows({
  name: 'rmsnorm_backward',
  shader: 'norm/rmsnorm_backward',
  bindings: { x: 'read', gamma: 'read', rstd: 'read', dOut: 'read', dX: 'write' },
  params: { rows: 'u32', width: 'u32' },
});

const partialKernels = normOfColumns({
  name: 'rmsnorm_partial',
  shader: 'norm/rmsnorm_partial',
  bindings: { x: 'read', rstd: 'read', dOut: 'read', partial: 'write' },
  params: { rows: 'u32', width: 'u32', chunk: 'u32', columnGroups: 'u32' },
});

export interface RmsNormForward {
  /** [R, W], or any shape of as many elements: [T, H * W] has R = T * H rows. */
  readonly x: Tensor;
  /** [W] */
  readonly gamma: Tensor;
  /** Shaped as x. */
  readonly out: Tensor;
  /** [R] 1 / sqrt(mean of squares + epsilon) */
  readonly rstd: Tensor;
  readonly epsilon: number;
  /** The device's by default. */
  readonly form?: KernelForm;
}

/** out = x * rstd * gamma, a row at a time; a row's result depends on that row only. */
export function rmsNormForward(gpu: Gpu, call: RmsNormForward): void {
  const { x, gamma, out, rstd, epsilon } = call;
  const form = formFor(gpu, call.form);
  const { rows, columns } = rowsOf(x, gamma);
  const { kernel, width } = forWidth(forwardKernels, form, columns);
  gpu.dispatch(kernel, {
    bindings: { x, gamma, out, rstd },
    params: { rows, width, epsilon },
    grid: rowGroups(rows, form),
  });
}

export interface RmsNormBackward {
  /** [R, W], the forward's input */
  readonly x: Tensor;
  /** [W] */
  readonly gamma: Tensor;
  /** [R] */
  readonly rstd: Tensor;
  /** [R, W] */
  readonly dOut: Tensor;
  /** [R, W], written; absent = not wanted */
  readonly dX?: Tensor | undefined;
  /** [W], accumulates (+=); absent = not wanted */
  readonly dGamma?: Tensor | undefined;
  /** The device's by default. */
  readonly form?: KernelForm;
}

/** dGamma is summed in two stages of fixed order: chunks of rows, then the chunks. */
export function rmsNormBackward(gpu: Gpu, call: RmsNormBackward): void {
  const { x, gamma, rstd, dOut, dX, dGamma } = call;
  const form = formFor(gpu, call.form);
  const { rows, columns } = rowsOf(x, gamma);
  const { kernel, width } = forWidth(backwardKernels, form, columns);
  if (dX) {
    gpu.dispatch(kernel, {
      bindings: { x, gamma, rstd, dOut, dX },
      params: { rows, width },
      grid: rowGroups(rows, form),
    });
  }
  if (!dGamma) return;
  const chunk = chunkOf(rows);
  const chunks = Math.ceil(rows / chunk);
  const columnGroups = columnsOfGroup(width);
  withLeases(gpu, (lease) => {
    const partial = lease('rmsnorm.partial', [chunks, columns]);
    gpu.dispatch(forWidth(partialKernels, form, columns).kernel, {
      bindings: { x, rstd, dOut, partial },
      params: { rows, width, chunk, columnGroups },
      grid: chunkGroups(chunks, columnGroups, form),
    });
    columnSum(gpu, { x: partial, out: dGamma, accumulate: true });
  });
}

function rowsOf(x: Tensor, gamma: Tensor): { rows: number; columns: number } {
  const columns = elementCount(gamma.shape);
  const rows = elementCount(x.shape) / columns;
  if (!Number.isInteger(rows)) throw new Error(`rmsNorm: x [${x.shape}] has no rows of ${columns}`);
  return { rows, columns };
}

export const rmsNormKernels: readonly KernelSpec[] = [forwardKernels, backwardKernels, partialKernels].flatMap(
  (kernels) => Object.values(kernels),
);
