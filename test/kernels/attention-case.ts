/** What the attention tests share: packed texts, a run on the device, the float64 expectation, the dropout mask. */

import type { KernelForm } from '../../src/device/types.ts';
import {
  type AttentionDropout,
  type AttentionMask,
  attentionBackward,
  attentionForward,
} from '../../src/kernels/attention.ts';
import { streamOf } from '../../src/kernels/elementwise.ts';
import { random, testGpu, withTensors } from '../device.ts';
import type { AttentionShape } from '../reference/attention.ts';
import { threefry2x32 } from '../reference/threefry.ts';

export interface AttentionCase {
  lengths: readonly number[];
  heads: number;
  keyValueHeads?: number;
  mask?: AttentionMask;
  size: number;
  q: Float32Array<ArrayBuffer>;
  k: Float32Array<ArrayBuffer>;
  v: Float32Array<ArrayBuffer>;
  dOut: Float32Array<ArrayBuffer>;
  scale?: number;
  dropout?: AttentionDropout;
  /** Index of each text in the global batch; by default its place here. */
  samples?: readonly number[];
}

export function cumulate(lengths: readonly number[]): Uint32Array<ArrayBuffer> {
  const cumulative = new Uint32Array(lengths.length + 1);
  lengths.forEach((length, b) => {
    cumulative[b + 1] = cumulative[b]! + length;
  });
  return cumulative;
}

/** Standard normal inputs; scores have a deviation of one after scaling. */
export function attentionCase(
  lengths: readonly number[],
  heads: number,
  size: number,
  keyValueHeads = heads,
): AttentionCase {
  const tokens = cumulate(lengths)[lengths.length]!;
  const [count, keys] = [tokens * heads * size, tokens * keyValueHeads * size];
  const source = random(count + heads);
  const [q, k, v, dOut] = [source.floats(count), source.floats(keys), source.floats(keys), source.floats(count)];
  return { lengths, heads, keyValueHeads, size, q, k, v, dOut };
}

/** The texts `from` to `to` (excluded) of a case as a case of their own, with the same samples. */
export function subset(whole: AttentionCase, from: number, to: number): AttentionCase {
  const cumulative = cumulate(whole.lengths);
  const tokens = cumulative[whole.lengths.length]!;
  const cut = (values: Float32Array<ArrayBuffer>) =>
    values.slice((cumulative[from]! * values.length) / tokens, (cumulative[to]! * values.length) / tokens);
  return {
    ...whole,
    lengths: whole.lengths.slice(from, to),
    samples: whole.lengths.map((_, b) => whole.samples?.[b] ?? b).slice(from, to),
    q: cut(whole.q),
    k: cut(whole.k),
    v: cut(whole.v),
    dOut: cut(whole.dOut),
  };
}

export async function runAttention(given: AttentionCase, form?: KernelForm) {
  const gpu = await testGpu();
  const cumulative = cumulate(given.lengths);
  const [B, T] = [given.lengths.length, cumulative[given.lengths.length]!];
  const shape = [T, given.heads * given.size];
  const keyShape = [T, (given.keyValueHeads ?? given.heads) * given.size];
  const sampleOfToken = new Uint32Array(T);
  given.lengths.forEach((_, b) => {
    sampleOfToken.fill(given.samples?.[b] ?? b, cumulative[b], cumulative[b + 1]);
  });
  return withTensors(gpu, async (scope) => {
    const call = {
      q: scope.upload('q', shape, given.q),
      k: scope.upload('k', keyShape, given.k),
      v: scope.upload('v', keyShape, given.v),
      batch: {
        cumulative: scope.upload('cumulative', [B + 1], cumulative),
        sampleOfToken: scope.upload('sampleOfToken', [T], sampleOfToken),
      },
      heads: given.heads,
      ...(given.keyValueHeads === undefined ? {} : { keyValueHeads: given.keyValueHeads }),
      ...(given.mask === undefined ? {} : { mask: given.mask }),
      out: scope.unwritten('out', shape),
      logSumExp: scope.unwritten('logSumExp', [T, given.heads]),
      ...(given.scale === undefined ? {} : { scale: given.scale }),
      ...(given.dropout === undefined ? {} : { dropout: given.dropout }),
      ...(form === undefined ? {} : { form }),
    };
    attentionForward(gpu, call);
    const dQ = scope.unwritten('dQ', shape);
    const [dK, dV] = [scope.unwritten('dK', keyShape), scope.unwritten('dV', keyShape)];
    attentionBackward(gpu, { ...call, dOut: scope.upload('dOut', shape, given.dOut), dQ, dK, dV });
    return {
      out: await gpu.read(call.out),
      logSumExp: await gpu.read(call.logSumExp),
      dQ: await gpu.read(dQ),
      dK: await gpu.read(dK),
      dV: await gpu.read(dV),
    };
  });
}

/** The reference's view of a case, the dropout mask included. */
export function shapeOf(given: AttentionCase): AttentionShape {
  const { heads, keyValueHeads = heads, size, dropout } = given;
  const { before = Number.POSITIVE_INFINITY, after = Number.POSITIVE_INFINITY } = given.mask ?? {};
  const sees = (query: number, key: number): boolean => key >= query - before && key <= query + after;
  const scale = given.scale ?? 1 / Math.sqrt(size);
  const shape = { cumulative: cumulate(given.lengths), heads, keyValueHeads, sees, size, scale };
  if (dropout === undefined || dropout.rate === 0) return shape;
  const threshold = Math.round(dropout.rate * 65_536);
  const factor = (text: number, head: number, query: number, key: number): number => {
    const pair = threefry2x32([dropout.seed, streamOf(dropout)], [given.samples?.[text] ?? text, head]);
    const words = threefry2x32(pair, [query, Math.floor(key / 4)]);
    const word = words[Math.floor((key % 4) / 2)]!;
    const bits = key % 2 === 0 ? word & 0xffff : word >>> 16;
    return bits < threshold ? 0 : 1 / (1 - dropout.rate);
  };
  return { ...shape, factor };
}
