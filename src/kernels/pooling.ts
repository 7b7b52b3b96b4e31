/**
 * One vector a text from its pooled tokens (arithmetic of sentence-transformers' Pooling): the tokens from the text's
 * `poolStart` to its end. A text's bits do not depend on the texts around it.
 */
import type { Gpu, KernelSpec, Tensor } from '../gpu/types.ts';

export type PoolMode = 'cls' | 'mean' | 'weightedmean' | 'lasttoken';

/** The number of a mode in shaders/pooling/pool_weight.wgsl. */
const MODES: Readonly<Record<PoolMode, number>> = { cls: 0, mean: 1, weightedmean: 2, lasttoken: 3 };

/** Channels of one workgroup of the forward kernel. */
const CHANNELS = 64;
/** Tokens of one workgroup of the backward kernel. */
const TOKENS = 8;

const INCLUDE = ['common/grid.wgsl', 'pooling/pool_weight.wgsl'] as const;

export const poolForwardKernel = {
  name: 'pool_forward',
  shader: 'pooling/pool_forward.wgsl',
  include: INCLUDE,
  bindings: { x: 'read', cumulative: 'read', poolStart: 'read', out: 'write' },
  params: { texts: 'u32', width: 'u32', mode: 'u32', channelGroups: 'u32' },
} as const satisfies KernelSpec;

export const poolBackwardKernel = {
  name: 'pool_backward',
  shader: 'pooling/pool_backward.wgsl',
  include: INCLUDE,
  bindings: { dOut: 'read', textOfToken: 'read', cumulative: 'read', poolStart: 'read', dX: 'write' },
  params: { tokens: 'u32', width: 'u32', mode: 'u32' },
} as const satisfies KernelSpec;

/** What pooling reads of a batch (src/nn/batch.ts). */
export interface PoolBatch {
  /** [T] u32 */
  readonly textOfToken: Tensor;
  /** [B+1] u32 */
  readonly cumulative: Tensor;
  /** [B] u32 first pooled token, from the text's own first token */
  readonly poolStart: Tensor;
}

export interface PoolForward {
  /** [T, C] */
  readonly x: Tensor;
  readonly batch: PoolBatch;
  readonly mode: PoolMode;
  /** [B, C]; zeros for a text without pooled tokens (texts like that are refused long before) */
  readonly out: Tensor;
}

export function poolForward(gpu: Gpu, { x, batch, mode, out }: PoolForward): void {
  const [texts, width] = out.shape as [number, number];
  const channelGroups = Math.ceil(width / CHANNELS);
  gpu.dispatch(poolForwardKernel, {
    bindings: { x, cumulative: batch.cumulative, poolStart: batch.poolStart, out },
    params: { texts, width, mode: MODES[mode], channelGroups },
    grid: [texts * channelGroups],
  });
}

export interface PoolBackward {
  /** [B, C] */
  readonly dOut: Tensor;
  readonly batch: PoolBatch;
  readonly mode: PoolMode;
  /** [T, C], written; zero for tokens that are not pooled */
  readonly dX: Tensor;
}

export function poolBackward(gpu: Gpu, { dOut, batch, mode, dX }: PoolBackward): void {
  const [tokens, width] = dX.shape as [number, number];
  const { textOfToken, cumulative, poolStart } = batch;
  gpu.dispatch(poolBackwardKernel, {
    bindings: { dOut, textOfToken, cumulative, poolStart, dX },
    params: { tokens, width, mode: MODES[mode] },
    grid: [Math.ceil(tokens / TOKENS)],
  });
}

export const poolingKernels: readonly KernelSpec[] = [poolForwardKernel, poolBackwardKernel];
