/** Device memory of a training micro-batch, by arithmetic: the forward pass's activations and the backward pass's. */

import { kernelSizeOf } from '../../kernels/attention-kernels.ts';
import { headSizeOf, keyValueHeadsOf } from '../../model/architecture.ts';
import type { Architecture } from '../../model/types.ts';
import type { EncoderSpec } from '../types.ts';
import { forwardPassOf } from './index.ts';

/** The pool rounds buffers up to one of eight sizes per power of two, and reuses those of larger batches. */
const rounding = 1.25;

/**
 * Upper estimate of the bytes of all activations of `tokens` tokens in one piece. `recompute`: of the blocks but one,
 * the outputs alone are held.
 */
export function activationBytes({ family, architecture }: EncoderSpec, tokens: number, recompute = false): number {
  const { layers, width } = architecture;
  const { block, embeddings, transient } = forwardPassOf(family).activations(architecture);
  // Ids, positions, owners and the index of the tables' gradients.
  const batch = 16;
  const blocks = recompute ? block + (layers - 1) * width : layers * block;
  const held = blocks + embeddings + transient + batch + paddedHeads(architecture);
  return Math.ceil(tokens * 4 * rounding * held);
}

/** Heads of a size without kernels: q, k, v, out and their gradients, padded to the next size, in the backward pass. */
function paddedHeads(architecture: Architecture): number {
  const size = headSizeOf(architecture);
  const wide = kernelSizeOf(size);
  return wide === size ? 0 : wide * 4 * (architecture.heads + keyValueHeadsOf(architecture));
}
