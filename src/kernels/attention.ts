/**
 * Multi-head attention over packed texts: every token sees the tokens of its own text, or those of them that a mask
 * leaves (causal, local). Query heads may share heads of keys and values. Streaming softmax,
 * no T x T matrix in memory; the backward pass computes the weights again from logSumExp. Deterministic: dQ is summed
 * by query rows, dK and dV by key rows, no atomics; a text's bits do not depend on the texts around it. A head size
 * without kernels is computed in the next larger one, its heads filled up with zeros: they add nothing to any sum.
 * Sources: Milakov and Gimelshein 2018 (online softmax), Dao et al. 2022 (FlashAttention), Ainslie et al. 2023 (grouped
 * queries).
 */

import { elementCount, type Gpu, type KernelForm, type Tensor, withLeases } from '../device/types.ts';
import { badInput } from '../errors.ts';
import { groupSumKernel, kernelSizeOf, kernelsFor, resizeHeadsKernel } from './attention-kernels.ts';
import { streamOf } from './elementwise.ts';

/** Lanes of a workgroup of the kernels that take tokens and heads one by one. */
const itemLanes = 64;

/** What dropout of attention weights is keyed by, besides sample, head and both positions. */
export interface AttentionDropout {
  /** Probability of dropping a weight, 0 <= rate < 1; the others are scaled by 1 / (1 - rate). Resolution 1 / 65536. */
  readonly rate: number;
  readonly seed: number;
  readonly step: number;
  /** Number of the place in the network, different for every use of dropout. */
  readonly site: number;
}

/** What attention reads of a batch (src/nn/batch.ts). */
interface AttentionBatch {
  /** [B+1] u32 */
  readonly cumulative: Tensor;
  /** [T] u32 index of the token's text in the global batch */
  readonly sampleOfToken: Tensor;
}

/** Which tokens of its text a token sees besides itself, by distance; absent = all of that side. */
export interface AttentionMask {
  /** Tokens ahead of it. */
  readonly before?: number;
  /** Tokens behind it; 0 = causal. */
  readonly after?: number;
}

export interface AttentionForward {
  /** [T, H * D] */
  readonly q: Tensor;
  /** [T, G * D] each, G heads of keys and values */
  readonly k: Tensor;
  readonly v: Tensor;
  readonly batch: AttentionBatch;
  /** H */
  readonly heads: number;
  /** G, a divisor of H: query head h reads head h / (H / G) of keys and values. H by default. */
  readonly keyValueHeads?: number;
  /** Everything is seen by default. */
  readonly mask?: AttentionMask;
  /** [T, H * D], written */
  readonly out: Tensor;
  /** [T, H], written: log of the sum of exp(scale * q k) */
  readonly logSumExp: Tensor;
  /** 1 / sqrt(D) by default */
  readonly scale?: number;
  readonly dropout?: AttentionDropout;
  /** The device's by default. */
  readonly form?: KernelForm;
}

export interface AttentionBackward extends AttentionForward {
  /** [T, H * D] */
  readonly dOut: Tensor;
  /** Shaped as q, k, v; written */
  readonly dQ: Tensor;
  readonly dK: Tensor;
  readonly dV: Tensor;
}

/** A distance that no text reaches. Below 2^31, so that the shaders may add it to a token's number. */
const unlimited = 0x7fffffff;

/** Sizes, kernels and the parameters that the passes share; heads are of a size that has kernels. */
function plan(gpu: Gpu, call: AttentionForward) {
  const [tokens, width] = call.q.shape as [number, number];
  const { heads, keyValueHeads = heads, mask = {}, batch, dropout } = call;
  const size = kernelSizeOf(width / heads);
  const texts = batch.cumulative.shape[0]! - 1;
  const active = dropout !== undefined && dropout.rate > 0 ? dropout : undefined;
  if (active !== undefined && !(active.rate < 1)) {
    throw badInput(`A dropout rate of ${active.rate} drops everything`, {
      field: 'dropout',
      expected: '0 <= rate < 1',
    });
  }
  if (heads % keyValueHeads !== 0 || call.k.shape[1] !== keyValueHeads * size) {
    throw new Error(`attention: ${heads} heads share ${keyValueHeads} of keys, k [${call.k.shape}], head size ${size}`);
  }
  const { before = unlimited, after = unlimited } = mask;
  const kernels = kernelsFor(size, call.form ?? gpu.traits.form, {
    dropout: active !== undefined,
    masked: before < unlimited || after < unlimited,
    grouped: keyValueHeads !== heads,
  });
  const blocks = kernels.blocks(tokens, texts);
  return {
    kernels,
    tokens,
    heads,
    keyValueHeads,
    grid: [blocks * heads] as const,
    params: {
      tokens,
      texts,
      heads,
      scale: scaleOf(call),
      threshold: active === undefined ? 0 : Math.round(active.rate * 65_536),
      keepScale: active === undefined ? 1 : 1 / (1 - active.rate),
      keyHeads: keyValueHeads,
      before,
      after,
      // Channels of a head by four, as a number that compilers cannot unroll loops by:
      // shaders/attention/common_row.wgsl.
      quads: size / 4,
    },
    key: { seed: active === undefined ? 0 : active.seed >>> 0, stream: active === undefined ? 0 : streamOf(active) },
  };
}

/** out = softmax(scale * q k^T) v within each text and head. */
export function attentionForward(gpu: Gpu, call: AttentionForward): void {
  inKernelSize(gpu, call, ({ filled, emptied }) =>
    forward(gpu, {
      ...call,
      scale: scaleOf(call),
      ...{ q: filled(call.q), k: filled(call.k), v: filled(call.v), out: emptied(call.out) },
    }),
  );
}

/** dQ, dK, dV from dOut and what the forward pass left: out and logSumExp; dropout is replayed from its key. */
export function attentionBackward(gpu: Gpu, call: AttentionBackward): void {
  inKernelSize(gpu, call, ({ filled, emptied }) =>
    backward(gpu, {
      ...call,
      scale: scaleOf(call),
      ...{ q: filled(call.q), k: filled(call.k), v: filled(call.v), out: filled(call.out), dOut: filled(call.dOut) },
      ...{ dQ: emptied(call.dQ), dK: emptied(call.dK), dV: emptied(call.dV) },
    }),
  );
}

const scaleOf = ({ q, heads, scale }: AttentionForward): number => scale ?? 1 / Math.sqrt(q.shape[1]! / heads);

/** Tensors whose heads have as many channels as the kernels want. */
interface Fit {
  /** A tensor to read: itself, or a copy that is filled up with zeros. */
  readonly filled: (tensor: Tensor) => Tensor;
  /** A tensor to write: itself, or one whose first channels are copied back after the work. */
  readonly emptied: (tensor: Tensor) => Tensor;
}

function inKernelSize(gpu: Gpu, { q, heads }: AttentionForward, work: (fit: Fit) => void): void {
  const held = q.shape[1]! / heads;
  const wanted = kernelSizeOf(held);
  if (held === wanted) {
    work({ filled: (tensor) => tensor, emptied: (tensor) => tensor });
    return;
  }
  withLeases(gpu, (lease) => {
    const copies: [from: Tensor, to: Tensor][] = [];
    const wide = ({ label, shape: [T, width] }: Tensor): Tensor => lease(label, [T!, (width! / held) * wanted]);
    work({
      filled(tensor) {
        const out = wide(tensor);
        resizeHeads(gpu, tensor, out, held, wanted);
        return out;
      },
      emptied(tensor) {
        const out = wide(tensor);
        copies.push([out, tensor]);
        return out;
      },
    });
    for (const [from, to] of copies) resizeHeads(gpu, from, to, wanted, held);
  });
}

/** out [T, H * wanted] = x [T, H * held], head by head: cut off, or filled up with zeros. */
function resizeHeads(gpu: Gpu, x: Tensor, out: Tensor, held: number, wanted: number): void {
  const count = elementCount(out.shape);
  gpu.dispatch(resizeHeadsKernel, {
    bindings: { x, out },
    params: { count, held, wanted },
    grid: [Math.ceil(count / itemLanes)],
  });
}

function forward(gpu: Gpu, call: AttentionForward): void {
  const { kernels, grid, params, key } = plan(gpu, call);
  const { q, k, v, batch, out, logSumExp } = call;
  const { cumulative, sampleOfToken } = batch;
  gpu.dispatch(kernels.forward, {
    bindings: { q, k, v, cumulative, sampleOfToken, out, logSumExp },
    params: { ...params, ...key },
    grid,
  });
}

function backward(gpu: Gpu, call: AttentionBackward): void {
  const { kernels, tokens, heads, keyValueHeads, grid, params, key } = plan(gpu, call);
  const { q, k, v, batch, out, logSumExp, dOut, dQ, dK, dV } = call;
  const { cumulative, sampleOfToken } = batch;
  withLeases(gpu, (lease) => {
    const rows = lease('attention.rows', [tokens, heads, 4], 'u32');
    gpu.dispatch(kernels.rows, {
      bindings: { out, dOut, logSumExp, sampleOfToken, rows },
      params: { tokens, heads, ...key, quads: params.quads },
      grid: [Math.ceil((tokens * heads) / itemLanes)],
    });
    gpu.dispatch(kernels.backwardQuery, { bindings: { q, k, v, dOut, rows, cumulative, dQ }, params, grid });
    const shared = keyValueHeads !== heads;
    // Of shared heads every query head has its own part first.
    const ownK = shared ? lease('attention.dK', dOut.shape) : dK;
    const ownV = shared ? lease('attention.dV', dOut.shape) : dV;
    const bindings = { q, k, v, dOut, rows, cumulative, dK: ownK, dV: ownV };
    gpu.dispatch(kernels.backwardKey, { bindings, params, grid });
    if (!shared) return;
    sumGroups(gpu, ownK, dK, heads / keyValueHeads, params.quads);
    sumGroups(gpu, ownV, dV, heads / keyValueHeads, params.quads);
  });
}

/**
 * out [T, G * D] = the sums of `parts` [T, H * D] over the `group` query heads of each head of keys; D is 4 * `quads`.
 */
function sumGroups(gpu: Gpu, parts: Tensor, out: Tensor, group: number, quads: number): void {
  const count = elementCount(out.shape) / 4;
  gpu.dispatch(groupSumKernel, {
    bindings: { parts, out },
    params: { count, width: quads, group },
    grid: [Math.ceil(count / itemLanes)],
  });
}
