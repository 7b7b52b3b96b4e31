/**
 * The teacher of a run: another model, of any family, tokenizer and width, whose vectors of a batch's texts are
 * constants of the loss. It has no dropout and no tape, so a text's vector is the same in every batch.
 */
import type { Task } from '../data/types.ts';
import { type Gpu, rowsOf, type Tensor } from '../device/types.ts';
import { invariant } from '../errors.ts';
import { dimensionOf, modelParameters } from '../model/pipeline.ts';
import type { ModelSpec } from '../model/types.ts';
import { cutByTokens, makeBatch, releaseBatch, sliceTexts } from '../nn/batch.ts';
import { encodeBatch } from '../nn/encode.ts';
import type { Encoder } from '../nn/encoders/encoder.ts';
import { activationBytes } from '../nn/encoders/memory.ts';
import { layoutParameters } from '../nn/parameter-layout.ts';
import { keepsPacked } from '../nn/parameter-store.ts';
import { pieceTokens } from '../nn/piece-size.ts';
import { Tape, type TapeObserver } from '../nn/tape.ts';
import type { PackedTexts } from '../tokens/types.ts';
import type { RunSettings } from './catalog.ts';
import type { GlobalBatch } from './global-batch.ts';
import { inTurns } from './in-turns.ts';

/** Encoding alone is no faster with more tokens at once. */
const enoughTokens = 4096;

/** Tokens of a micro-batch of the teacher, at most; a longer text is one by itself. */
const teacherTokens = ({ microBatchTokens }: RunSettings): number => Math.min(microBatchTokens, enoughTokens);

/** Tokens of its largest micro-batch, of a batch of so many texts of at most `longest` tokens. */
export const teacherBatchTokens = (
  settings: RunSettings,
  { texts, longest }: { readonly texts: number; readonly longest: number },
): number => Math.min(texts * longest, Math.max(longest, teacherTokens(settings)));

/** The part of a batch's input that a teacher reads; see step.ts. */
interface TaughtInput {
  readonly batch: GlobalBatch;
  readonly teacher?: Encoder | undefined;
  readonly settings: RunSettings;
  readonly turn: () => Promise<void>;
  readonly observer?: TapeObserver;
  readonly pieceTokens?: number | undefined;
}

/**
 * Upper estimate of its bytes on the device: weights, packed besides where that is done, the activations of a
 * micro-batch, one block at a time, its vectors with the copies that losses make, two matrices of cosines, and what
 * guided InfoNCE holds for each slot, gradients of `texts` vectors of `width` numbers.
 */
export function teacherBytes(
  gpu: Pick<Gpu, 'traits' | 'largestBinding' | 'mostMemory'>,
  spec: ModelSpec,
  settings: RunSettings,
  { texts, longest, width }: { readonly texts: number; readonly longest: number; readonly width: number },
): number {
  const { bytes } = layoutParameters(modelParameters(spec), gpu.largestBinding);
  const tokens = teacherBatchTokens(settings, { texts, longest });
  const forward = activationBytes(spec, tokens, { recompute: false, frozenBlocks: spec.architecture.layers });
  const numbers = 4 * dimensionOf(spec) + 2 * texts + 2 * settings.positives * width;
  return bytes * (keepsPacked(gpu, bytes) ? 2 : 1) + forward + texts * numbers * 4;
}

/** Unit rows [M, D] of a batch's texts in their order, leased by `holder`; undefined where no term needs them. */
export async function teacherVectors(input: TaughtInput, holder: Tape): Promise<Tensor | undefined> {
  const { batch, teacher, settings, turn } = input;
  const texts = batch.teacherTexts;
  if (!texts) return undefined;
  invariant(teacher, 'A batch with texts of a teacher came without the teacher');
  const vectors = holder.lease('teacher vectors', [texts.poolStart.length, dimensionOf(teacher.spec)]);
  const pace = input.pieceTokens ?? pieceTokens(teacher.gpu, teacher.spec, 1);
  const cuts = cutByTokens(texts.cumulative, Math.min(teacherTokens(settings), pace));
  const pieces = cuts.slice(1).map((to, index) => [cuts[index]!, to] as const);
  await inTurns({ encoder: teacher, turn }, pieces, ([from, to]) => {
    const into = rowsOf(teacher.gpu, vectors, from, to - from);
    encodePiece(teacher, sliceTexts(texts, from, to), batch.task, into);
  });
  input.observer?.('value', vectors);
  return vectors;
}

function encodePiece(teacher: Encoder, texts: PackedTexts, task: Task, into: Tensor): void {
  const { gpu } = teacher;
  const device = makeBatch(gpu, texts);
  const tape = new Tape(gpu, false);
  try {
    gpu.copy(encodeBatch(tape, teacher, device, { task, inner: false }).final.tensor, into);
  } finally {
    tape.dispose();
    releaseBatch(gpu, device);
  }
}
