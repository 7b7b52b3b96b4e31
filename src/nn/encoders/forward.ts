/** The forward pass of an encoder onto a tape: what it is given, what it returns, and the loop over its blocks. */

import type { DeviceBatch } from '../batch.ts';
import type { Parameters } from '../parameter-store.ts';
import type { Tape, Value } from '../tape.ts';
import type { DropoutSettings, EncoderSpec } from '../types.ts';

/** Hidden states [T, C]. */
export interface HiddenStates {
  /** After the last block. */
  readonly final: Value;
  /** Output of block {@link innerBlock}; the same value as `final` where that is the last one. */
  readonly inner: Value;
}

export interface Forward {
  readonly batch: DeviceBatch;
  /** Absent = no dropout. */
  readonly dropout?: DropoutSettings | undefined;
  /** Keep the inner layer's output. If false, `inner` must not be read. */
  readonly keepInner: boolean;
  /** Number of the inner layer: see {@link innerBlock}. */
  readonly innerLayer?: number | undefined;
  /** Of the blocks but the last one, with which the way back begins, keep the output alone; absent = false. */
  readonly recompute?: boolean | undefined;
  /**
   * Called with every hidden state, numbered as in transformers: 0 are the embeddings, L the last one, after the final
   * norm if there is one. Unless the tape records, a state's memory is reused later: copy what is to be kept.
   */
  readonly observe?: (number: number, state: Value) => void;
}

/** Records a forward pass. Drops every value that it does not return. */
export type EncoderForward = (tape: Tape, parameters: Parameters, spec: EncoderSpec, forward: Forward) => HiddenStates;

/** The block, counting from 1, that is the inner layer: by its number, or the middle one by 0 (docs/method.md 2). */
export const innerBlock = (layers: number, number = 0): number => number || Math.floor((layers + 1) / 2);

/**
 * Runs the blocks one after the other and drops `embeddings`, their input. `block` and `finish`, the final norm, must
 * not drop theirs. `constants`: what the blocks read besides.
 */
export function runBlocks(
  tape: Tape,
  layers: number,
  embeddings: Value,
  { keepInner, innerLayer, recompute, observe }: Forward,
  block: (layer: number, x: Value) => Value,
  constants: readonly Value[],
  finish?: (x: Value) => Value,
): HiddenStates {
  const innerAt = innerBlock(layers, innerLayer);
  let x = embeddings;
  let inner = x;
  observe?.(0, x);
  for (let layer = 0; layer < layers; layer++) {
    const input = x;
    const again = recompute === true && layer + 1 < layers;
    const output = again ? tape.recompute([input, ...constants], () => block(layer, input)) : block(layer, input);
    if (!keepInner || layer !== innerAt) tape.drop(x);
    x = output;
    if (layer + 1 === innerAt) inner = output;
    if (layer + 1 < layers) observe?.(layer + 1, x);
  }
  let final = x;
  if (finish) {
    final = finish(x);
    tape.drop(x);
  }
  observe?.(layers, final);
  return { final, inner: innerAt === layers ? final : inner };
}
