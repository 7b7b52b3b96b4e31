/** What every encoder family offers: a model's parameters on the device and a forward pass onto a tape. */

import type { Gpu } from '../../device/types.ts';
import { modelParameters } from '../../model/pipeline.ts';
import type { DeviceBatch } from '../batch.ts';
import { encoderKernels } from '../kernels.ts';
import { Parameters } from '../parameters.ts';
import type { Tape, Value } from '../tape.ts';
import type { DropoutSettings, EncoderSpec, TensorSource } from '../types.ts';

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
  /** Keep the inner layer's output (else `inner` must not be read when the tape does not record). */
  readonly keepInner: boolean;
  /**
   * Sees every hidden state as transformers numbers them: 0 are the embeddings, L the last one, behind the final norm if there
   * is one. Without a recording tape a state is given back later on: copy what is to stay.
   */
  readonly observe?: (number: number, state: Value) => void;
}

/** A family's forward pass. Drops what it does not return. */
export type EncoderForward = (tape: Tape, parameters: Parameters, spec: EncoderSpec, forward: Forward) => HiddenStates;

/** The block, counting from 1, whose output the inner-layer loss reads (docs/method.md section 2). */
export const innerBlock = (layers: number): number => Math.floor((layers + 1) / 2);

/**
 * Runs the blocks one after the other; uses up `x`, the embeddings. `block` leaves its input to the caller; `finish`, the
 * final norm, too.
 */
export function runBlocks(
  tape: Tape,
  layers: number,
  embeddings: Value,
  { keepInner, observe }: Forward,
  block: (layer: number, x: Value) => Value,
  finish?: (x: Value) => Value,
): HiddenStates {
  const innerAt = innerBlock(layers);
  let x = embeddings;
  let inner = x;
  observe?.(0, x);
  for (let layer = 0; layer < layers; layer++) {
    const output = block(layer, x);
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

/** Weights on the device together with what they mean. */
export interface Encoder {
  readonly gpu: Gpu;
  readonly spec: EncoderSpec;
  readonly parameters: Parameters;
}

/** Allocates an encoder, loads its weights and compiles its kernels meanwhile. `training` adds gradients and moments. */
export async function loadEncoder(
  gpu: Gpu,
  spec: EncoderSpec,
  source: TensorSource,
  { training, dropout = false }: { training: boolean; dropout?: boolean },
): Promise<Encoder> {
  const parameters = new Parameters(gpu, modelParameters(spec), { training });
  try {
    const compiled = gpu.compile(encoderKernels(gpu, spec, { training, dropout }));
    compiled.catch(() => {});
    await parameters.load(source);
    await compiled;
  } catch (error) {
    parameters.free();
    throw error;
  }
  return { gpu, spec, parameters };
}
