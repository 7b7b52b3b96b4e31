/** Device memory of a training micro-batch, by arithmetic: what the tape holds and what going back needs on top. */
import type { Architecture } from '../../formats/types.ts';

/** The pool rounds every buffer up to one of eight sizes per power of two, and a batch may be given the buffers of a larger one. */
const rounding = 1.25;

/** Bytes of all activations of `tokens` tokens in one piece, upper estimate. */
export function activationBytes({ layers, width: C, innerWidth: F, heads: H }: Architecture, tokens: number): number {
  // Block: q, k, v, attention, its output layer, dropout, sum, norm; feed-forward out and in, output, dropout, sum, norm.
  const block = 12 * C + 2 * F + H + 4;
  const embeddings = 3 * C + 2;
  // Going back: the gradient of the widest pair of values, of the residual stream, and of q, k, v.
  const transient = 2 * F + 8 * C + 4 * H;
  // Ids, positions, owners and the index of the tables' gradients.
  const batch = 16;
  return Math.ceil(tokens * 4 * rounding * (layers * block + embeddings + transient + batch));
}
