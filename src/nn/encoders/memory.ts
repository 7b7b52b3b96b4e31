/** Device memory of a training micro-batch, by arithmetic: the forward pass's activations and the backward pass's. */

import { kernelSizeOf } from '../../kernels/attention-kernels.ts';
import { headSizeOf, keyValueHeadsOf } from '../../model/architecture.ts';
import type { Architecture } from '../../model/types.ts';
import type { EncoderSpec } from '../types.ts';
import { forwardPassOf } from './index.ts';

/** The pool rounds buffers up to one of eight sizes per power of two, and reuses those of larger batches. */
const rounding = 1.25;

export interface HeldActivations {
  /** Of the blocks but one, the outputs alone are held. */
  readonly recompute: boolean;
  /** Blocks at the beginning of which nothing is held, since no gradient goes back there. */
  readonly frozenBlocks: number;
}

/** Upper estimate of the bytes of all activations of `tokens` tokens in one piece. */
export function activationBytes(
  { family, architecture }: EncoderSpec,
  tokens: number,
  { recompute, frozenBlocks }: HeldActivations = { recompute: false, frozenBlocks: 0 },
): number {
  const { layers, width } = architecture;
  const { block, embeddings, transient } = forwardPassOf(family).activations(architecture);
  // Ids, positions, owners and the index of the tables' gradients.
  const batch = 16;
  // Of frozen blocks there is one at a time.
  const blocks = Math.max(1, layers - frozenBlocks);
  const held =
    (recompute ? block + (blocks - 1) * width : blocks * block) +
    embeddings +
    transient +
    batch +
    paddedHeads(architecture);
  return Math.ceil(tokens * 4 * rounding * held);
}

/** Heads of a size without kernels: q, k, v, out and their gradients, padded to the next size, in the backward pass. */
function paddedHeads(architecture: Architecture): number {
  const size = headSizeOf(architecture);
  const wide = kernelSizeOf(size);
  return wide === size ? 0 : wide * 4 * (architecture.heads + keyValueHeadsOf(architecture));
}
