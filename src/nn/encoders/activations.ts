/** Number of activations of a training micro-batch: those that the tape holds and those of the backward pass. */
import { headSizeOf, keyValueHeadsOf } from '../../model/architecture.ts';
import type { Architecture } from '../../model/types.ts';

/** Values per token that exist at once: of a block, of the embeddings, and temporarily in the backward pass. */
export interface Activations {
  readonly block: number;
  readonly embeddings: number;
  readonly transient: number;
}

/** Post-norm blocks with position tables. */
export function postNormActivations({ width: C, innerWidth: F, heads: H }: Architecture): Activations {
  // Block: q, k, v, attention, its output layer, dropout, sum, norm; feed-forward out and in, output, dropout, sum,
  // norm.
  const block = 12 * C + 2 * F + H + 4;
  const embeddings = 3 * C + 2;
  // Backward: the gradient of the widest pair of values, of the residual stream, and of q, k, v.
  const transient = 2 * F + 8 * C + 4 * H;
  return { block, embeddings, transient };
}

/** Pre-norm blocks with rotary positions and gated feed-forward layers. */
export function preNormActivations(architecture: Architecture): Activations {
  const { width: C, innerWidth: F, heads: H } = architecture;
  const size = headSizeOf(architecture);
  const [Q, K] = [H * size, keyValueHeadsOf(architecture) * size];
  // Block: norm; q, k, v; normalised q, k; rotated q, k; attention; its output layer, dropout or scaling, sum; norm;
  // gate, up, their product, its dropout; output layer, scaling, sum.
  const block = 8 * C + 4 * Q + 4 * K + 4 * F + 3 * H + 6;
  // Words, their norm or scaling, dropout; the final norm; two tables of rotary angles.
  const embeddings = 5 * C + 2 * size + 4;
  // As above; where heads share keys, every query head has its own part of their gradients first.
  const transient = 3 * F + 8 * C + 4 * Q + 4 * K + 4 * H;
  return { block, embeddings, transient };
}
