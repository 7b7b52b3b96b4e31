/**
 * One batch of an update by the embedding-level gradient cache (docs/architecture.md; after Gao et al. 2021, arXiv
 * 2101.06983): all micro-batches are encoded, the loss of the whole batch is computed once on their unit vectors, then
 * each micro-batch is encoded again with a tape and back-propagated from its slice of the gradient. In-batch negatives
 * never depend on memory, and the result does not depend on the cuts beyond rounding. A batch whose tapes have room
 * together skips the second encoding.
 */

import { type Gpu, rowsOf, type Tensor } from '../device/types.ts';
import { dimensionOf, pooledWidth } from '../model/pipeline.ts';
import { cutByTokens, type DeviceBatch, makeBatch, releaseBatch, sliceTexts } from '../nn/batch.ts';
import { type EncodeOptions, encodeBatch, type Representations } from '../nn/encode.ts';
import type { Encoder } from '../nn/encoders/encoder.ts';
import { pieceTokens } from '../nn/piece-size.ts';
import { Tape, type TapeObserver } from '../nn/tape.ts';
import type { RunSettings } from './catalog.ts';
import { type GlobalBatch, textCount } from './global-batch.ts';
import { inTurns } from './in-turns.ts';
import { recordObjective } from './objective.ts';
import type { LayerVectors, Objective } from './objective-types.ts';
import { teacherVectors } from './teacher.ts';
import { innerLayerOf } from './terms.ts';

export interface BatchInput {
  readonly encoder: Encoder;
  /** Given where a term of the batch needs one. */
  readonly teacher?: Encoder | undefined;
  readonly settings: RunSettings;
  readonly batch: GlobalBatch;
  /** Factor of the batch's loss in that of the update. */
  readonly share: number;
  /** Number of the batch's first text among those of the update: by it dropout keys its samples. */
  readonly firstSample: number;
  /** The update that is being made, from 1. */
  readonly step: number;
  /** Called between micro-batches. Throws to give the step up; nothing is changed then but the gradients. */
  readonly turn: () => Promise<void>;
  /** Sees every op's result; for the diagnosis of non-finite values. */
  readonly observer?: TapeObserver;
  /** Tokens that the device is given at once; what the device's traits say unless a test wants fewer. */
  readonly pieceTokens?: number | undefined;
}

/** Texts `from` to `to` of the batch. */
interface Piece {
  readonly from: number;
  readonly to: number;
}

/**
 * Adds the gradients of a batch to the parameters' gradient buffers, and records its loss. The caller reads the
 * objective's values and releases it.
 */
export async function recordBatch(input: BatchInput): Promise<Objective> {
  const { encoder, settings, batch } = input;
  const memory = settings.microBatchTokens;
  const pace = input.pieceTokens ?? pieceTokens(encoder.gpu, encoder.spec, 3);
  const cuts = cutByTokens(batch.texts.cumulative, Math.min(memory, pace));
  const pieces = cuts.slice(1).map((to, index): Piece => ({ from: cuts[index]!, to }));
  return recordPieces(input, pieces, pieces.length === 1 || batch.texts.ids.length <= memory);
}

/** A piece's representations, with the tape that leads back from them if it records. */
interface EncodedPiece {
  readonly tape: Tape;
  readonly device: DeviceBatch;
  readonly vectors: Representations;
}

/** `keep`: the tapes of all pieces have room together, so that none is encoded twice. */
async function recordPieces(input: BatchInput, pieces: readonly Piece[], keep: boolean): Promise<Objective> {
  const { encoder, batch, share } = input;
  const { gpu } = encoder;
  const shapes = vectorShapes(input);
  const holder = new Tape(gpu, false);
  const open = new Map<Piece, EncodedPiece>();
  const encode = (piece: Piece, recording: boolean): EncodedPiece => {
    const encoded = encodePiece(input, piece, recording);
    open.set(piece, encoded);
    return encoded;
  };
  const close = (piece: Piece): void => {
    const encoded = open.get(piece);
    open.delete(piece);
    if (encoded) giveBack(gpu, encoded);
  };
  let objective: Objective | undefined;
  try {
    const teacher = await teacherVectors(input, holder);
    const vectors = leaseLike(holder, shapes);
    await inTurns(input, pieces, (piece) => {
      copyRows(gpu, encode(piece, keep).vectors, vectors, piece);
      if (!keep) close(piece);
    });
    const gradients = leaseLike(holder, shapes);
    const { matryoshka: levels } = input.settings;
    objective = recordObjective(gpu, { batch, share, levels, teacher }, vectors, gradients);
    await inTurns(input, pieces, (piece) => {
      goBack(gpu, open.get(piece) ?? encode(piece, true), gradients, piece);
      close(piece);
    });
    return objective;
  } catch (error) {
    objective?.release();
    throw error;
  } finally {
    for (const piece of [...open.keys()]) close(piece);
    holder.dispose();
  }
}

function encodePiece(input: BatchInput, { from, to }: Piece, recording: boolean): EncodedPiece {
  const { gpu } = input.encoder;
  const device = makeBatch(gpu, sliceTexts(input.batch.texts, from, to), input.firstSample + from);
  const tape = new Tape(gpu, recording, input.observer);
  try {
    return { tape, device, vectors: encodeBatch(tape, input.encoder, device, encodeOptions(input)) };
  } catch (error) {
    tape.dispose();
    releaseBatch(gpu, device);
    throw error;
  }
}

function giveBack(gpu: Gpu, { tape, device }: EncodedPiece): void {
  tape.dispose();
  releaseBatch(gpu, device);
}

/** Puts a piece's vectors into their rows of the batch's. */
function copyRows(gpu: Gpu, vectors: Representations, into: LayerVectors, { from, to }: Piece): void {
  gpu.copy(vectors.final.tensor, rowsOf(gpu, into.final, from, to - from));
  if (into.inner && vectors.inner) gpu.copy(vectors.inner.tensor, rowsOf(gpu, into.inner, from, to - from));
}

/** Goes back from a piece's rows of the gradients. */
function goBack(gpu: Gpu, { tape, vectors }: EncodedPiece, gradients: LayerVectors, { from, to }: Piece): void {
  const slice = (whole: Tensor): Tensor => {
    const rows = tape.lease('gradient slice', [to - from, whole.shape[1]!]);
    gpu.copy(rowsOf(gpu, whole, from, to - from), rows);
    return rows;
  };
  tape.give(vectors.final, slice(gradients.final));
  if (gradients.inner && vectors.inner) tape.give(vectors.inner, slice(gradients.inner));
  tape.backward();
}

function encodeOptions({ settings, batch, step }: BatchInput): EncodeOptions {
  const { dropout: rate, attentionDropout: attentionRate, seed, recomputeActivations: recompute } = settings;
  const innerLayer = innerLayerOf(batch.terms);
  return {
    task: batch.task,
    dropout: { rate, attentionRate, seed, step },
    ...{ inner: innerLayer !== undefined, innerLayer, recompute },
  };
}

interface VectorShapes {
  readonly final: readonly number[];
  /** Absent if no loss term reads the inner layer. */
  readonly inner: readonly number[] | undefined;
}

/** The inner layer's vectors are pooled only: dense layers may make the final ones shorter or longer. */
function vectorShapes(input: BatchInput): VectorShapes {
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
