/**
 * One vector a text from its pooled tokens (arithmetic of sentence-transformers' Pooling): the tokens from the text's
 * `poolStart` to its end. A text's bits do not depend on the texts around it. Several modes may share one result: each
 * writes, and reads the gradient of, its own run of columns.
 */
import type { Gpu, KernelSpec, Tensor } from '../device/types.ts';
import { forWidth, inForms, inFormsOfLanes } from './forms.ts';

export type PoolMode = 'cls' | 'mean' | 'weightedmean' | 'lasttoken' | 'mean_sqrt_len';

/** The number of a mode in shaders/pooling/pool_weight.wgsl. */
const MODES: Readonly<Record<PoolMode, number>> = { cls: 0, mean: 1, weightedmean: 2, lasttoken: 3, mean_sqrt_len: 4 };

/** Lanes of one workgroup of the forward kernels: each owns a channel, or four. */
const CHANNELS = 64;
/** Tokens of one workgroup of the backward kernels. */
const TOKENS = 8;

const INCLUDE = ['common/grid.wgsl', 'pooling/pool_weight.wgsl'] as const;

const poolForwardKernels = inForms(
  {
    name: 'pool_forward',
    bindings: { x: 'read', cumulative: 'read', poolStart: 'read', out: 'write' },
    params: { texts: 'u32', width: 'u32', mode: 'u32', channelGroups: 'u32', stride: 'u32', column: 'u32' },
  },
  () => ({ shader: 'pooling/pool_forward.wgsl', include: INCLUDE }),
);

const poolBackwardKernels = inFormsOfLanes({
  name: 'pool_backward',
  shader: 'pooling/pool_backward.wgsl',
  include: INCLUDE,
  bindings: { dOut: 'read', textOfToken: 'read', cumulative: 'read', poolStart: 'read', dX: 'write' },
  params: { tokens: 'u32', width: 'u32', mode: 'u32', stride: 'u32', column: 'u32' },
});

const poolMaxForwardKernel = {
  name: 'pool_max_forward',
  shader: 'pooling/pool_max_forward.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { x: 'read', cumulative: 'read', poolStart: 'read', out: 'write', winner: 'write' },
  params: { texts: 'u32', width: 'u32', channelGroups: 'u32', stride: 'u32', column: 'u32' },
} as const satisfies KernelSpec;

const poolMaxBackwardKernel = {
  name: 'pool_max_backward',
  shader: 'pooling/pool_max_backward.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { dOut: 'read', winner: 'read', textOfToken: 'read', dX: 'write' },
  params: { tokens: 'u32', width: 'u32', stride: 'u32', column: 'u32' },
} as const satisfies KernelSpec;

/** What pooling reads of a batch (src/nn/batch.ts). */
interface PoolBatch {
  /** [T] u32 */
  readonly textOfToken: Tensor;
  /** [B+1] u32 */
  readonly cumulative: Tensor;
  /** [B] u32 first pooled token, from the text's own first token */
  readonly poolStart: Tensor;
}

/** Position of a mode's columns in [B, D]; their width is C. */
interface Columns {
  /** First column; 0 if absent. */
  readonly column?: number;
}

interface PoolInput extends Columns {
  /** [T, C] */
  readonly x: Tensor;
  readonly batch: PoolBatch;
  /**
   * [B, D], the C columns from `column` written; zeros for a text without pooled tokens (such are refused long before)
   */
  readonly out: Tensor;
}

export function poolForward(gpu: Gpu, { mode, ...input }: PoolInput & { readonly mode: PoolMode }): void {
  const { bindings, width, stride, column } = forwardCall(input);
  const { kernel, neighbours } = forWidth(poolForwardKernels, gpu.traits.form, width, stride, column);
  const sizes = sizesOf(bindings.out, width / neighbours);
  gpu.dispatch(kernel, {
    bindings,
    params: { ...sizes.params, mode: MODES[mode], stride: stride / neighbours, column: column / neighbours },
    grid: sizes.grid,
  });
}

/** `winner` [B, C] u32 gets the token, counted in the batch, that each channel's largest value came from. */
export function poolMaxForward(gpu: Gpu, { winner, ...input }: PoolInput & { readonly winner: Tensor }): void {
  const { bindings, width, stride, column } = forwardCall(input);
  const { params, grid } = sizesOf(bindings.out, width);
  gpu.dispatch(poolMaxForwardKernel, {
    bindings: { ...bindings, winner },
    params: { ...params, stride, column },
    grid,
  });
}

function forwardCall({ x, batch, out, column = 0 }: PoolInput) {
  const [, width] = x.shape as [number, number];
  const [, stride] = out.shape as [number, number];
  return { bindings: { x, cumulative: batch.cumulative, poolStart: batch.poolStart, out }, width, stride, column };
}

/** `width` counts what a lane owns. */
function sizesOf(out: Tensor, width: number) {
  const [texts] = out.shape as [number, number];
  const channelGroups = Math.ceil(width / CHANNELS);
  return { params: { texts, width, channelGroups }, grid: [texts * channelGroups] as const };
}

interface PoolGradient extends Columns {
  /** [B, D], of which the C columns from `column` are read */
  readonly dOut: Tensor;
  readonly batch: PoolBatch;
  /** [T, C], written; zero for tokens that are not pooled */
  readonly dX: Tensor;
}

export function poolBackward(
  gpu: Gpu,
  { dOut, batch, mode, dX, column = 0 }: PoolGradient & { readonly mode: PoolMode },
): void {
  const [tokens, columns] = dX.shape as [number, number];
  const [, stride] = dOut.shape as [number, number];
  const { textOfToken, cumulative, poolStart } = batch;
  const { kernel, width, neighbours } = forWidth(poolBackwardKernels, gpu.traits.form, columns, stride, column);
  gpu.dispatch(kernel, {
    bindings: { dOut, textOfToken, cumulative, poolStart, dX },
    params: { tokens, width, mode: MODES[mode], stride: stride / neighbours, column: column / neighbours },
    grid: [Math.ceil(tokens / TOKENS)],
  });
}

/** `winner` as the forward pass wrote it. */
export function poolMaxBackward(
  gpu: Gpu,
  { dOut, batch, winner, dX, column = 0 }: PoolGradient & { readonly winner: Tensor },
): void {
  const [tokens, width] = dX.shape as [number, number];
  const [, stride] = dOut.shape as [number, number];
  gpu.dispatch(poolMaxBackwardKernel, {
    bindings: { dOut, winner, textOfToken: batch.textOfToken, dX },
    params: { tokens, width, stride, column },
    grid: [Math.ceil(tokens / TOKENS)],
  });
}

export const poolingKernels: readonly KernelSpec[] = [poolForwardKernels, poolBackwardKernels].flatMap((kernels) =>
  Object.values(kernels),
);

/** Only of models that pool by `max`. */
export const maxPoolingKernels: readonly KernelSpec[] = [poolMaxForwardKernel, poolMaxBackwardKernel];
