/**
 * One update by the embedding-level gradient cache (docs/architecture.md; after Gao et al. 2021, arXiv 2101.06983): all
 * micro-batches are encoded, the loss of the whole global batch is computed once on their unit vectors, then each
 * micro-batch is encoded again with a tape and back-propagated from its slice of the gradient. In-batch negatives never
 * depend on memory, and the result does not depend on the cuts beyond rounding. One piece skips the second encoding.
 */
import { dimensionOf, pooledWidth } from '../formats/pipeline/catalog.ts';
import type { Tensor } from '../gpu/types.ts';
import { cutByTokens, type DeviceBatch, makeBatch, releaseBatch, sliceTexts } from '../nn/batch.ts';
import { encodeBatch } from '../nn/encode.ts';
import type { Encoder } from '../nn/encoders/encoder.ts';
import { Tape, type TapeObserver } from '../nn/tape.ts';
import type { DropoutSettings } from '../nn/types.ts';
import type { RunSettings } from './catalog.ts';
import { type GlobalBatch, textCount } from './global-batch.ts';
import { type LayerVectors, type Objective, readsInnerLayer, recordObjective, rowView, termsOf } from './objective.ts';

export interface StepInput {
  readonly encoder: Encoder;
  readonly settings: RunSettings;
  readonly batch: GlobalBatch;
  /** The update that is being made, from 1. */
  readonly step: number;
  /** Called between micro-batches. Throws to give the step up; nothing is changed then but the gradients. */
  readonly turn: () => Promise<void>;
  /** Sees every op's result; for the diagnosis of non-finite values. */
  readonly observer?: TapeObserver;
}

/** Texts `from` to `to` of the global batch. */
interface Piece {
  readonly from: number;
  readonly to: number;
}

/**
 * Records the gradients of a global batch into the parameters' gradient buffers, and the loss. The caller reads the
 * objective's values and releases it.
 */
export async function recordGradients(input: StepInput): Promise<Objective> {
  const { encoder, settings, batch } = input;
  encoder.parameters.clearGradients();
  const pieces = cutIntoPieces(batch, settings.microBatchTokens);
  return pieces.length === 1 ? recordWhole(input) : recordInPieces(input, pieces);
}

function cutIntoPieces(batch: GlobalBatch, tokens: number): Piece[] {
  const cuts = cutByTokens(batch.texts.cumulative, tokens);
  return cuts.slice(1).map((to, index) => ({ from: cuts[index]!, to }));
}

async function recordWhole(input: StepInput): Promise<Objective> {
  const { encoder, settings, batch } = input;
  const { gpu } = encoder;
  const device = makeBatch(gpu, batch.texts);
  const tape = new Tape(gpu, true, input.observer);
  let objective: Objective | undefined;
  try {
    const vectors = encodeBatch(tape, encoder, device, encodeOptions(input));
    const gradients = leaseLike(tape, vectorShapes(input));
    objective = recordObjective(
      gpu,
      settings,
      batch,
      { final: vectors.final.tensor, inner: vectors.inner?.tensor },
      gradients,
    );
    tape.give(vectors.final, gradients.final);
    if (vectors.inner && gradients.inner) tape.give(vectors.inner, gradients.inner);
    tape.backward();
    // In this same turn of the event loop: an error of another task drops what is recorded and not submitted.
    gpu.submit();
    return objective;
  } catch (error) {
    objective?.release();
    throw error;
  } finally {
    tape.dispose();
    releaseBatch(gpu, device);
  }
}

async function recordInPieces(input: StepInput, pieces: readonly Piece[]): Promise<Objective> {
  const { encoder, settings, batch } = input;
  const { gpu } = encoder;
  const shapes = vectorShapes(input);
  const holder = new Tape(gpu, false);
  let objective: Objective | undefined;
  try {
    const vectors = leaseLike(holder, shapes);
    await eachPiece(input, pieces, (piece) => encodePiece(input, piece, vectors));
    const gradients = leaseLike(holder, shapes);
    objective = recordObjective(gpu, settings, batch, vectors, gradients);
    await eachPiece(input, pieces, (piece) => backwardPiece(input, piece, gradients));
    return objective;
  } catch (error) {
    objective?.release();
    throw error;
  } finally {
    holder.dispose();
  }
}

/** Records piece after piece; at most two are under way on the device, so that a short task never waits for many. */
async function eachPiece(
  { encoder: { gpu }, turn }: StepInput,
  pieces: readonly Piece[],
  record: (piece: Piece) => void,
): Promise<void> {
  let before = Promise.resolve();
  try {
    for (const piece of pieces) {
      record(piece);
      const done = gpu.idle();
      // It is awaited below, but perhaps only after something else has failed: until then it is no unhandled rejection.
      done.catch(() => {});
      await before;
      before = done;
      await turn();
    }
  } catch (error) {
    await before.catch(() => {});
    throw error;
  }
  await before;
}

/** Encodes a piece without a tape and puts its vectors into their rows. */
function encodePiece(input: StepInput, piece: Piece, into: LayerVectors): void {
  const { gpu } = input.encoder;
  withPiece(input, piece, false, (tape, device) => {
    const vectors = encodeBatch(tape, input.encoder, device, encodeOptions(input));
    const count = piece.to - piece.from;
    gpu.copy(vectors.final.tensor, rowView(into.final, piece.from, count));
    if (into.inner && vectors.inner) gpu.copy(vectors.inner.tensor, rowView(into.inner, piece.from, count));
  });
}

/** Encodes a piece again, with a tape, and goes back from its rows of the gradients. */
function backwardPiece(input: StepInput, piece: Piece, from: LayerVectors): void {
  const { gpu } = input.encoder;
  withPiece(input, piece, true, (tape, device) => {
    const vectors = encodeBatch(tape, input.encoder, device, encodeOptions(input));
    const slice = (gradients: Tensor): Tensor => {
      const rows = tape.lease('gradient slice', [device.B, gradients.shape[1]!]);
      gpu.copy(rowView(gradients, piece.from, device.B), rows);
      return rows;
    };
    tape.give(vectors.final, slice(from.final));
    if (from.inner && vectors.inner) tape.give(vectors.inner, slice(from.inner));
    tape.backward();
  });
}

function withPiece(
  input: StepInput,
  { from, to }: Piece,
  recording: boolean,
  work: (tape: Tape, device: DeviceBatch) => void,
): void {
  const { gpu } = input.encoder;
  const device = makeBatch(gpu, sliceTexts(input.batch.texts, from, to), from);
  const tape = new Tape(gpu, recording, input.observer);
  try {
    work(tape, device);
  } finally {
    tape.dispose();
    releaseBatch(gpu, device);
  }
}

function encodeOptions({ settings, batch, step }: StepInput): { dropout: DropoutSettings; inner: boolean } {
  const { dropout: rate, attentionDropout: attentionRate, seed } = settings;
  return { dropout: { rate, attentionRate, seed, step }, inner: readsInnerLayer(termsOf(settings, batch)) };
}

interface VectorShapes {
  readonly final: readonly number[];
  /** Absent if no loss term reads the inner layer. */
  readonly inner: readonly number[] | undefined;
}

/** The inner layer's vectors are pooled only: dense layers may make the final ones shorter or longer. */
function vectorShapes(input: StepInput): VectorShapes {
  const { spec } = input.encoder;
  const count = textCount(input.batch);
  return {
    final: [count, dimensionOf(spec)],
    inner: encodeOptions(input).inner ? [count, pooledWidth(spec)] : undefined,
  };
}

function leaseLike(tape: Tape, { final, inner }: VectorShapes): LayerVectors {
  return { final: tape.lease('vectors', final), inner: inner && tape.lease('inner vectors', inner) };
}
