/**
 * A model on one split of a data set version: nDCG and similar metrics by a search over all documents, or correlations
 * of cosines.
 */

import { badInput } from '../errors.ts';
import { pooledSplit } from '../evaluation/pooled-split.ts';
import { evaluateSimilarity, RetrievalRun } from '../evaluation/result.ts';
import type { EvaluationFigures } from '../evaluation/types.ts';
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

export async function evaluateSplit(
  encoder: Encoder,
  file: TokenFile,
  split: 'train' | 'dev' | 'test',
  options: EvaluateOptions,
): Promise<EvaluationFigures> {
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
  const effort = () => ({ seconds: (performance.now() - began) / 1000, tokens: vectors.tokens });
  const dimension = dimensionOf(encoder.spec);
  const first = vectors.rows(records.query);
  if (file.task === 'sts') {
    const second = vectors.rows(partnersOf(records));
    return evaluateSimilarity(records, { first, second, dimension }, effort());
  }
  const run = new RetrievalRun(records);
  const input = { queries: first, vectors: vectors.rows(records.documents), dimension };
  const turn = async (): Promise<void> => {
    await options.turn();
    options.signal?.throwIfAborted();
  };
  await eachSimilarityRow(encoder.gpu, input, (query, scores) => run.add(query, scores), turn);
  return run.finish(effort());
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
      turn,
      ...(signal && { signal }),
      onEncoded: (encoded) => onEncoded?.({ encoded, total: numbers.length }),
    });
  }

  /** Row-major vectors of the texts of a list. */
  rows(list: Uint32Array): Float32Array {
    const width = dimensionOf(this.#encoder.spec);
    const rows = new Float32Array(list.length * width);
    list.forEach((text, index) => {
      const row = this.#rowOf.get(text)!;
      rows.set(this.#vectors.subarray(row * width, (row + 1) * width), index * width);
    });
    return rows;
  }
}
