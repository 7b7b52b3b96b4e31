/** Device memory of a training micro-batch, by arithmetic: what the tape holds and what going back needs on top. */

import { kernelSizeOf } from '../../kernels/attention-kernels.ts';
import { headSizeOf, keyValueHeadsOf } from '../../model/architecture.ts';
import type { Architecture } from '../../model/types.ts';

/** The pool rounds every buffer up to one of eight sizes per power of two, and a batch may be given the buffers of a larger one. */
const rounding = 1.25;

/** Bytes of all activations of `tokens` tokens in one piece, upper estimate. */
export function activationBytes(architecture: Architecture, tokens: number): number {
  const { layers } = architecture;
  const { block, embeddings, transient } =
    architecture.ropeTheta === undefined ? postNorm(architecture) : preNorm(architecture);
  // Ids, positions, owners and the index of the tables' gradients.
  const batch = 16;
  const held = layers * block + embeddings + transient + batch + filledHeads(architecture);
  return Math.ceil(tokens * 4 * rounding * held);
}

/** Heads of a size without attention kernels: q, k, v, out and their gradients in the next larger size, while going back. */
function filledHeads(architecture: Architecture): number {
  const size = headSizeOf(architecture);
  const wide = kernelSizeOf(size);
  return wide === size ? 0 : wide * 4 * (architecture.heads + keyValueHeadsOf(architecture));
}

/** Values a token that are held at once: by a block, by the embeddings, and while going back. */
interface Held {
  readonly block: number;
  readonly embeddings: number;
  readonly transient: number;
}

/** BERT and XLM-R. */
function postNorm({ width: C, innerWidth: F, heads: H }: Architecture): Held {
  // Block: q, k, v, attention, its output layer, dropout, sum, norm; feed-forward out and in, output, dropout, sum, norm.
  const block = 12 * C + 2 * F + H + 4;
  const embeddings = 3 * C + 2;
  // Going back: the gradient of the widest pair of values, of the residual stream, and of q, k, v.
  const transient = 2 * F + 8 * C + 4 * H;
  return { block, embeddings, transient };
}

/** The families with rotary positions. */
function preNorm(architecture: Architecture): Held {
  const { width: C, innerWidth: F, heads: H } = architecture;
  const size = headSizeOf(architecture);
  const [Q, K] = [H * size, keyValueHeadsOf(architecture) * size];
  // Block: norm; q, k, v; normalised q, k; turned q, k; attention; its output layer, dropout or scaling, sum; norm; gate, up,
  // their product, its dropout; output layer, scaling, sum.
  const block = 8 * C + 4 * Q + 4 * K + 4 * F + 3 * H + 6;
  // Words, their norm or scaling, dropout; the final norm; two tables of rotary angles.
  const embeddings = 5 * C + 2 * size + 4;
  // As above; where heads share keys, every query head has its own part of their gradients first.
  const transient = 3 * F + 8 * C + 4 * Q + 4 * K + 4 * H;
  return { block, embeddings, transient };
}
