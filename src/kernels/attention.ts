/**
 * Multi-head attention over packed texts: every token sees the tokens of its own text, or those of them that a mask
 * leaves (causal, local). Query heads may share heads of keys and values. Streaming softmax,
 * no T x T matrix in memory; the backward pass computes the weights again from logSumExp. Deterministic: dQ is summed by
 * query rows, dK and dV by key rows, no atomics; a text's bits do not depend on the texts around it.
 * Sources: Milakov and Gimelshein 2018 (online softmax), Dao et al. 2022 (FlashAttention), Ainslie et al. 2023 (grouped queries).
 */
import { badInput } from '../errors.ts';
import { elementCount, type Gpu, type KernelSpec, type Tensor, withLeases } from '../gpu/types.ts';
import { type AttentionVariant, directLanes, type HeadSize, headSizes, stagedTiles } from './attention-tiles.ts';
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
export interface AttentionBatch {
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
  /** Which shape of kernel runs; by default the one for the adapter. */
  readonly variant?: AttentionVariant;
}

export interface AttentionBackward extends AttentionForward {
  /** [T, H * D] */
  readonly dOut: Tensor;
  /** Shaped as q, k, v; written */
  readonly dQ: Tensor;
  readonly dK: Tensor;
  readonly dV: Tensor;
}

const forwardBindings = {
  q: 'read',
  k: 'read',
  v: 'read',
  cumulative: 'read',
  sampleOfToken: 'read',
  out: 'write',
  logSumExp: 'write',
} as const;
const forwardParams = {
  tokens: 'u32',
  texts: 'u32',
  heads: 'u32',
  scale: 'f32',
  seed: 'u32',
  stream: 'u32',
  threshold: 'u32',
  keepScale: 'f32',
  keyHeads: 'u32',
  before: 'u32',
  after: 'u32',
  quads: 'u32',
} as const;
const rowsBindings = { out: 'read', dOut: 'read', logSumExp: 'read', sampleOfToken: 'read', rows: 'write' } as const;
const rowsParams = { tokens: 'u32', heads: 'u32', seed: 'u32', stream: 'u32', quads: 'u32' } as const;
const backwardReads = {
  q: 'read',
  k: 'read',
  v: 'read',
  dOut: 'read',
  rows: 'read',
  cumulative: 'read',
} as const;
const backwardParams = {
  tokens: 'u32',
  texts: 'u32',
  heads: 'u32',
  scale: 'f32',
  threshold: 'u32',
  keepScale: 'f32',
  keyHeads: 'u32',
  before: 'u32',
  after: 'u32',
  quads: 'u32',
} as const;

const groupSumKernel = {
  name: 'attention_group_sum',
  shader: 'attention/group_sum.wgsl',
  include: ['common/grid.wgsl'],
  bindings: { parts: 'read', out: 'write' },
  params: { count: 'u32', width: 'u32', group: 'u32' },
} as const satisfies KernelSpec;

/** A distance that no text reaches. Below 2^31, so that the shaders may add it to a token's number. */
const unlimited = 0x7fffffff;

/** What an attention kernel may leave out. */
interface Options {
  readonly dropout: boolean;
  readonly masked: boolean;
  readonly grouped: boolean;
}

/** What differs between the two kinds of kernels: files, headers, rows of a workgroup, workgroups. */
function shapeOf(size: HeadSize, variant: AttentionVariant) {
  if (variant === 'direct') {
    const header = `const D = ${size}u;\nconst LANES = ${directLanes}u;`;
    const rows = directLanes * 4;
    // Every text has its own blocks: shaders/attention/direct_common.wgsl.
    const blocks = (tokens: number, texts: number): number => Math.floor(tokens / rows) + texts;
    return { forwardHeader: header, backwardHeader: header, blocks };
  }
  const { rows, parts, forwardTile, backwardTile } = stagedTiles[size];
  const header = (tile: number): string =>
    `const D = ${size}u;\nconst ROWS = ${rows}u;\nconst PARTS = ${parts}u;\nconst TILE = ${tile}u;`;
  const blocks = (tokens: number, _texts: number): number => Math.ceil(tokens / rows);
  return { forwardHeader: header(forwardTile), backwardHeader: header(backwardTile), blocks };
}

/** The four kernels of one head size, kind and choice of options. */
function makeKernels(size: HeadSize, variant: AttentionVariant, { dropout, masked, grouped }: Options) {
  const { forwardHeader, backwardHeader, blocks } = shapeOf(size, variant);
  const rowsSuffix = `d${size}${dropout ? '_dropout' : ''}`;
  const suffix = `${rowsSuffix}${masked ? '_masked' : ''}${grouped ? '_grouped' : ''}`;
  const shared = ['common/grid.wgsl', 'common/threefry.wgsl', 'attention/dropout.wgsl'];
  const walk = [...shared, 'attention/mask.wgsl', `attention/${variant}_common.wgsl`];
  const rowsChoice = `\nconst DROPOUT = ${dropout};`;
  const choice = `${rowsChoice}\nconst MASKED = ${masked};\nconst GROUPED = ${grouped};`;
  return {
    blocks,
    forward: {
      name: `attention_${variant}_forward_${suffix}`,
      shader: `attention/${variant}_forward.wgsl`,
      include: walk,
      header: forwardHeader + choice,
      bindings: forwardBindings,
      params: forwardParams,
    },
    rows: {
      name: `attention_rows_${rowsSuffix}`,
      shader: 'attention/rows.wgsl',
      include: shared,
      header: `const D = ${size}u;${rowsChoice}`,
      bindings: rowsBindings,
      params: rowsParams,
    },
    backwardQuery: {
      name: `attention_${variant}_query_${suffix}`,
      shader: `attention/${variant}_query.wgsl`,
      include: walk,
      header: backwardHeader + choice,
      bindings: { ...backwardReads, dQ: 'write' },
      params: backwardParams,
    },
    backwardKey: {
      name: `attention_${variant}_key_${suffix}`,
      shader: `attention/${variant}_key.wgsl`,
      include: walk,
      header: backwardHeader + choice,
      bindings: { ...backwardReads, dK: 'write', dV: 'write' },
      params: backwardParams,
    },
  } as const;
}

const made = new Map<string, ReturnType<typeof makeKernels>>();

function kernelsFor(size: HeadSize, variant: AttentionVariant, options: Options): ReturnType<typeof makeKernels> {
  const key = `${size} ${variant} ${options.dropout} ${options.masked} ${options.grouped}`;
  let kernels = made.get(key);
  if (kernels === undefined) {
    kernels = makeKernels(size, variant, options);
    made.set(key, kernels);
  }
  return kernels;
}

/** The kernels that one kind of block needs on an adapter, to compile them in advance. */
export function attentionKernelsOf(
  size: number,
  options: {
    readonly software: boolean;
    readonly dropout: boolean;
    readonly backward: boolean;
    readonly masked?: boolean;
    readonly grouped?: boolean;
  },
): KernelSpec[] {
  const { forward, rows, backwardQuery, backwardKey } = kernelsFor(
    checkHeadSize(size),
    options.software ? 'direct' : 'staged',
    { dropout: options.dropout, masked: options.masked ?? false, grouped: options.grouped ?? false },
  );
  if (!options.backward) return [forward];
  return [forward, rows, backwardQuery, backwardKey, ...(options.grouped ? [groupSumKernel] : [])];
}

function checkHeadSize(size: number): HeadSize {
  const found = headSizes.find((candidate) => candidate === size);
  if (found === undefined) {
    throw badInput(`A head size of ${size} has no attention kernel`, {
      field: 'heads',
      expected: `width / heads is one of ${headSizes.join(', ')}`,
      remedy: 'Choose another number of heads or another width.',
    });
  }
  return found;
}

/** Sizes, kernels and the parameters that the passes share. */
function plan(gpu: Gpu, call: AttentionForward) {
  const [tokens, width] = call.q.shape as [number, number];
  const { heads, keyValueHeads = heads, mask = {}, batch, dropout } = call;
  const size = checkHeadSize(width / heads);
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
  const variant = call.variant ?? (gpu.adapter.software ? 'direct' : 'staged');
  const kernels = kernelsFor(size, variant, {
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
      scale: call.scale ?? 1 / Math.sqrt(size),
      threshold: active === undefined ? 0 : Math.round(active.rate * 65_536),
      keepScale: active === undefined ? 1 : 1 / (1 - active.rate),
      keyHeads: keyValueHeads,
      before,
      after,
      // Channels of a head by four, as a number that compilers cannot unroll loops by: shaders/attention/direct_common.wgsl.
      quads: size / 4,
    },
    key: { seed: active === undefined ? 0 : active.seed >>> 0, stream: active === undefined ? 0 : streamOf(active) },
  };
}

/** out = softmax(scale * q k^T) v within each text and head. */
export function attentionForward(gpu: Gpu, call: AttentionForward): void {
  const { kernels, grid, params, key } = plan(gpu, call);
  const { q, k, v, batch, out, logSumExp } = call;
  const { cumulative, sampleOfToken } = batch;
  gpu.dispatch(kernels.forward, {
    bindings: { q, k, v, cumulative, sampleOfToken, out, logSumExp },
    params: { ...params, ...key },
    grid,
  });
}

/** dQ, dK, dV from dOut and what the forward pass left: out and logSumExp; dropout is replayed from its key. */
export function attentionBackward(gpu: Gpu, call: AttentionBackward): void {
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

/** out [T, G * D] = the sums of `parts` [T, H * D] over the `group` query heads of each head of keys; D is 4 * `quads`. */
function sumGroups(gpu: Gpu, parts: Tensor, out: Tensor, group: number, quads: number): void {
  const count = elementCount(out.shape) / 4;
  gpu.dispatch(groupSumKernel, {
    bindings: { parts, out },
    params: { count, width: quads, group },
    grid: [Math.ceil(count / itemLanes)],
  });
}

const choices = [true, false];

/** Every kernel that can run anywhere. */
export const attentionKernels: readonly KernelSpec[] = headSizes.flatMap((size) =>
  choices.flatMap((software) =>
    choices.flatMap((dropout) =>
      choices.flatMap((masked) =>
        choices.flatMap((grouped) => attentionKernelsOf(size, { software, dropout, masked, grouped, backward: true })),
      ),
    ),
  ),
);
