/**
 * A model on one split of a data set version: nDCG and similar metrics by a search over all documents, or correlations
 * of cosines.
 */

import { badInput } from '../errors.ts';
import { pooledSplit } from '../evaluation/pooled-split.ts';
import { evaluateSimilarity, RetrievalRun } from '../evaluation/result.ts';
import type { MeasuredSplit } from '../evaluation/units/types.ts';
import { dimensionOf } from '../model/pipeline.ts';
import { gatherTexts } from '../nn/batch.ts';
import type { Encoder } from '../nn/encoders/encoder.ts';
import { eachSimilarityRow } from '../nn/nearest-neighbours.ts';
import type { TokenFile, TokenizedSplit } from '../tokens/types.ts';
import { encodeTexts } from './encode.ts';

export interface EvaluateOptions {
  readonly turn: () => Promise<void>;
  /** Absent where `turn` throws to end the evaluation. */
  readonly signal?: AbortSignal;
  readonly onEncoded?: (progress: { readonly encoded: number; readonly total: number }) => void;
  /** A pooled corpus: positions of the documents that are searched, ascending; absent = all. */
  readonly pool?: Uint32Array | undefined;
}

/** Figures for whole vectors. */
export async function evaluateSplit(
  encoder: Encoder,
  file: TokenFile,
  split: 'train' | 'dev' | 'test',
  options: EvaluateOptions,
): Promise<MeasuredSplit> {
  return (await compareSplit(encoder, file, split, options))(dimensionOf(encoder.spec));
}

/** Figures for each number of first components, or for whole vectors; the texts are encoded once. */
export async function evaluateDimensions(
  encoder: Encoder,
  file: TokenFile,
  split: 'train' | 'dev' | 'test',
  options: EvaluateOptions,
  dimensions?: readonly number[],
): Promise<MeasuredSplit[]> {
  if (!dimensions) return [await evaluateSplit(encoder, file, split, options)];
  const compare = await compareSplit(encoder, file, split, options);
  const found: MeasuredSplit[] = [];
  for (const dimension of dimensions) found.push({ ...(await compare(dimension)), dimension });
  return found;
}

/** Encodes the texts; what it answers compares the first components of their vectors. */
async function compareSplit(
  encoder: Encoder,
  file: TokenFile,
  split: 'train' | 'dev' | 'test',
  options: EvaluateOptions,
): Promise<(dimension: number) => Promise<MeasuredSplit>> {
  const { pool } = options;
  const records = pool ? pooledSplit(file.splits[split], pool) : file.splits[split];
  if (records.query.length === 0) {
    throw badInput(`The data set has no records in its ${split} split`, {
      field: 'split',
      expected: 'a split with records',
      remedy: 'Evaluate on another split.',
    });
  }
  const began = performance.now();
  const vectors = new SplitVectors(encoder, file, options);
  await vectors.encode([records.query, file.task === 'ir' ? records.documents : partnersOf(records)]);
  const encoding = performance.now() - began;
  const turn = async (): Promise<void> => {
    await options.turn();
    options.signal?.throwIfAborted();
  };
  return async (dimension) => {
    const compared = performance.now();
    const effort = () => ({ seconds: (encoding + performance.now() - compared) / 1000, tokens: vectors.tokens });
    const first = vectors.rows(records.query, dimension);
    if (file.task === 'sts') {
      const second = vectors.rows(partnersOf(records), dimension);
      return evaluateSimilarity(records, { first, second, dimension }, effort());
    }
    const run = new RetrievalRun(records);
    const input = { queries: first, vectors: vectors.rows(records.documents, dimension), dimension };
    await eachSimilarityRow(encoder.gpu, input, (query, scores) => run.add(query, scores), turn);
    return run.finish(effort());
  };
}

/** The one partner of every STS record. */
const partnersOf = ({ positives }: TokenizedSplit): Uint32Array => positives.values;

/** Vectors of the distinct texts of a split. */
class SplitVectors {
  readonly #encoder: Encoder;
  readonly #file: TokenFile;
  readonly #options: EvaluateOptions;
  /** Row of each text number. */
  #rowOf = new Map<number, number>();
  #vectors = new Float32Array(0);
  tokens = 0;

  constructor(encoder: Encoder, file: TokenFile, options: EvaluateOptions) {
    this.#encoder = encoder;
    this.#file = file;
    this.#options = options;
  }

  async encode(lists: readonly Uint32Array[]): Promise<void> {
    const numbers = [...new Set(lists.flatMap((list) => [...list]))];
    this.#rowOf = new Map(numbers.map((text, row) => [text, row]));
    const texts = gatherTexts(this.#file.texts, numbers);
    this.tokens = texts.ids.length;
    const { turn, signal, onEncoded } = this.#options;
    this.#vectors = await encodeTexts(this.#encoder, texts, {
      task: this.#file.task,
      turn,
      ...(signal && { signal }),
      onEncoded: (encoded) => onEncoded?.({ encoded, total: numbers.length }),
    });
  }

  /** Row-major first components of the vectors of the texts of a list; unit rows, whole ones as they are. */
  rows(list: Uint32Array, dimension: number): Float32Array {
    const width = dimensionOf(this.#encoder.spec);
    const rows = new Float32Array(list.length * dimension);
    list.forEach((text, index) => {
      const begin = this.#rowOf.get(text)! * width;
      const first = this.#vectors.subarray(begin, begin + dimension);
      rows.set(dimension === width ? first : normalised(first), index * dimension);
    });
    return rows;
  }
}

/** The vector with the length 1, summed in float64; a vector of zeros stays one. */
function normalised(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)) || 1;
  return vector.map((value) => value / length);
}
