/** How a model's vectors lie on a sample of one split: what the device encodes of it, and the measures. */
import {
  alignment,
  conditionNumber,
  effectiveRank,
  meanCosine,
  tokenCosine,
  uniformity,
  type VectorOf,
} from '../evaluation/geometry/measures.ts';
import { sampleGeometry } from '../evaluation/geometry/sample.ts';
import { singularValues } from '../evaluation/geometry/singular-values.ts';
import type { Geometry } from '../evaluation/geometry/types.ts';
import { dimensionOf } from '../model/pipeline.ts';
import { cutByTokens, gatherTexts, makeBatch, releaseBatch, sliceTexts } from '../nn/batch.ts';
import { encodeTokens } from '../nn/encode.ts';
import type { Encoder } from '../nn/encoders/encoder.ts';
import { pieceTokens } from '../nn/piece-size.ts';
import { Tape } from '../nn/tape.ts';
import type { PackedTexts, TokenFile } from '../tokens/types.ts';
import { encodeTexts, fittingTokens } from './encode.ts';
import type { EvaluateOptions } from './evaluate.ts';

/** Of every sample, so that two models are measured on the same texts. */
const sampleSeed = 1;

/** The split must have records. `turn` is awaited between micro-batches and pieces of the spectrum. */
export async function measureGeometry(
  encoder: Encoder,
  file: TokenFile,
  split: 'train' | 'dev' | 'test',
  { turn, signal }: Pick<EvaluateOptions, 'turn' | 'signal'>,
): Promise<Geometry> {
  const sample = sampleGeometry(file.task, file.splits[split], sampleSeed);
  const pause = async (): Promise<void> => {
    await turn();
    signal?.throwIfAborted();
  };
  const width = dimensionOf(encoder.spec);
  const { texts, pairs, positives } = sample;
  // The sample comes first: the spectrum is that of its rows alone.
  const encoded = [...new Set([...texts, ...positives.first, ...positives.second])];
  const options = { task: file.task, turn: pause };
  const vectors = await encodeTexts(encoder, gatherTexts(file.texts, encoded), options);
  const rowOf = new Map(encoded.map((text, row) => [text, row]));
  const vectorOf: VectorOf = (text) => vectors.subarray(rowOf.get(text)! * width, (rowOf.get(text)! + 1) * width);
  const singular = await singularValues(vectors.subarray(0, texts.length * width), width, pause);
  const condition = conditionNumber(singular);
  const figures = {
    alignment: alignment(positives, vectorOf),
    uniformity: uniformity(pairs, vectorOf),
    meanCosine: meanCosine(pairs, vectorOf),
    tokenCosine: await meanTokenCosine(encoder, gatherTexts(file.texts, sample.tokenTexts), pause),
    conditionNumber: 'value' in condition ? condition.value : null,
  };
  return {
    ...{ texts: texts.length, randomPairs: pairs.first.length, positivePairs: positives.first.length },
    ...{ tokenTexts: sample.tokenTexts.length, ...figures },
    ...{ singularValues: [...singular], effectiveRank: effectiveRank(singular) },
    undefinedReasons: reasonsOf(figures, 'undefined' in condition ? condition.undefined : ''),
  };
}

/** Mean over the texts that have two tokens or more; null without one. */
async function meanTokenCosine(
  encoder: Encoder,
  texts: PackedTexts,
  pause: () => Promise<void>,
): Promise<number | null> {
  const cuts = cutByTokens(texts.cumulative, Math.min(fittingTokens, pieceTokens(encoder.gpu, encoder.spec, 1)));
  const cosines: number[] = [];
  for (let piece = 0; piece + 1 < cuts.length; piece++) {
    cosines.push(...(await tokenCosines(encoder, sliceTexts(texts, cuts[piece]!, cuts[piece + 1]!))));
    await pause();
  }
  return cosines.length === 0 ? null : cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
}

async function tokenCosines(encoder: Encoder, texts: PackedTexts): Promise<number[]> {
  const { gpu, spec } = encoder;
  const { width } = spec.architecture;
  const batch = makeBatch(gpu, texts);
  const tape = new Tape(gpu, false);
  try {
    const states = await gpu.read(encodeTokens(tape, encoder, batch).tensor);
    const found = Array.from(texts.poolStart, (_, text) => {
      const [begin, end] = [texts.cumulative[text]!, texts.cumulative[text + 1]!];
      return tokenCosine(states.subarray(begin * width, end * width), width);
    });
    return found.filter((value) => value !== null);
  } finally {
    tape.dispose();
    releaseBatch(gpu, batch);
  }
}

const withoutPair = 'the sample has no two texts';

function reasonsOf(figures: Readonly<Record<string, number | null>>, condition: string): Record<string, string> {
  const reasons: Readonly<Record<string, string>> = {
    alignment: 'the split has no positives: relevant documents, or pairs with a grade of 0.8 or more',
    uniformity: withoutPair,
    meanCosine: withoutPair,
    tokenCosine: 'no text of the sample has two tokens',
    conditionNumber: condition,
  };
  return Object.fromEntries(Object.entries(reasons).filter(([name]) => figures[name] === null));
}
