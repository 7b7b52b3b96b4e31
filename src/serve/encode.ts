/** Texts to vectors with a model that is on the device. A text's vector does not depend on its neighbours. */

import type { Task } from '../data/types.ts';
import { TandemError } from '../errors.ts';
import { dimensionOf } from '../model/pipeline.ts';
import { checkTexts, cutByTokens, makeBatch, releaseBatch, sliceTexts } from '../nn/batch.ts';
import { encodeBatch } from '../nn/encode.ts';
import type { Encoder } from '../nn/encoders/encoder.ts';
import { pieceTokens } from '../nn/piece-size.ts';
import { Tape } from '../nn/tape.ts';
import type { PackedTexts } from '../tokens/types.ts';

/** Tokens that fit a micro-batch, for the memory they take; a task of more is a long one. */
export const fittingTokens = 4096;

/** Largest distance of a squared length from 1; rounding stays below 1e-5. */
const lengthTolerance = 1e-3;

export interface EncodeOptions {
  /** Whose head makes the vectors, in models that have one. */
  readonly task: Task;
  /** Awaited between micro-batches; resolves when the task may go on. */
  readonly turn?: () => Promise<void>;
  /** Called after every micro-batch with the number of texts encoded so far. */
  readonly onEncoded?: (texts: number) => void;
  /** When aborted, the task rejects with the signal's reason after the current micro-batch. */
  readonly signal?: AbortSignal;
  readonly microBatchTokens?: number;
  /** False: vectors as the dense layers leave them. Absent: of length 1. */
  readonly unit?: boolean;
}

/**
 * Returns row-major vectors [B, D] in the order of the texts. Rejects if a vector is not finite, or should have length
 * 1 and has not; such a vector is never returned.
 */
export async function encodeTexts(
  encoder: Encoder,
  texts: PackedTexts,
  options: EncodeOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const width = dimensionOf(encoder.spec);
  checkTexts(encoder.spec.architecture, texts, 'The texts');
  const vectors = new Float32Array(texts.poolStart.length * width);
  const cuts = cutByTokens(
    texts.cumulative,
    options.microBatchTokens ?? Math.min(fittingTokens, pieceTokens(encoder.gpu, encoder.spec, 1)),
  );
  let before = Promise.resolve();
  for (let piece = 0; piece + 1 < cuts.length; piece++) {
    const [from, to] = [cuts[piece]!, cuts[piece + 1]!];
    const reading = encodePiece(encoder, sliceTexts(texts, from, to), options);
    const done = reading.then((rows) => {
      vectors.set(rows, from * width);
      options.onEncoded?.(to);
    });
    done.catch(() => {});
    await before;
    before = done;
    await options.turn?.();
    options.signal?.throwIfAborted();
  }
  await before;
  checkVectors(vectors, width, options.unit ?? true);
  return vectors;
}

function encodePiece(
  encoder: Encoder,
  texts: PackedTexts,
  { task, unit = true }: Pick<EncodeOptions, 'task' | 'unit'>,
): Promise<Float32Array> {
  const { gpu } = encoder;
  const batch = makeBatch(gpu, texts);
  const tape = new Tape(gpu, false);
  try {
    return gpu.read(encodeBatch(tape, encoder, batch, { task, inner: false, unit }).final.tensor);
  } finally {
    tape.dispose();
    releaseBatch(gpu, batch);
  }
}

function checkVectors(vectors: Float32Array, width: number, unit: boolean): void {
  for (let begin = 0; begin < vectors.length; begin += width) {
    let squares = 0;
    for (let at = begin; at < begin + width; at++) squares += vectors[at]! ** 2;
    // Squares that leave f32 on the device give a finite vector of length 0, or far from 1. NaN fails the comparison
    // too.
    if (unit ? Math.abs(squares - 1) < lengthTolerance : Number.isFinite(squares)) continue;
    throw new TandemError(
      'UNAVAILABLE',
      `The vector of text ${begin / width} is not a finite ${unit ? 'unit ' : ''}vector: ` +
        `its squared length is ${squares}`,
      {
        reason: 'unusable-weights',
        field: 'model',
        expected: unit ? 'finite vectors of length 1' : 'finite vectors',
        remedy: 'The weights are damaged or overflow on this text: choose another checkpoint.',
      },
    );
  }
}
