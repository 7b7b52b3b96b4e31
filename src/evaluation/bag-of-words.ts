/**
 * The baseline that every model is printed beside: tf-idf cosine. Words are lower-cased runs of two or more letters or
 * digits, and in scripts without spaces the words that ICU cuts; tf = 1 + ln(count), idf = ln((1 + n) / (1 + df)) + 1;
 * words that the fitted texts lack are left out. Fitted on the corpus for retrieval, on the sentences of train for
 * similarity.
 */

import { compareUtf8 } from '../data/code-points.ts';
import type { Dataset } from '../data/record-file.ts';
import { relevanceByPosition } from '../data/relevance.ts';
import type { Split, StoredDocument, TextTriple } from '../data/types.ts';
import { segmenterName, spacedCharacter, unspacedRun, wordsOfRun } from '../tokenizer/unspaced.ts';
import { type Effort, Searches, similarityFigures } from './result.ts';
import { scoreSimilarities } from './sts.ts';
import type { MeasuredSplit } from './units/types.ts';

const wordPattern = new RegExp(`(${unspacedRun})|(?:${spacedCharacter}){2,}`, 'gu');
const unspaced = new RegExp(unspacedRun, 'u');

export const wordsOf = (text: string): string[] =>
  Array.from(text.normalize('NFC').toLowerCase().matchAll(wordPattern)).flatMap(([word, run]) =>
    run === undefined ? word : wordsOfRun(run),
  );

/** A unit vector over word numbers. */
export type SparseVector = ReadonlyMap<number, number>;

/** Counts texts, then gives vectors. */
export class BagOfWords {
  readonly #numbers = new Map<string, number>();
  readonly #documentFrequency: number[] = [];
  #texts = 0;
  /** Words read, repeated ones included. */
  words = 0;
  /** What cut the words of scripts without spaces; null if there were none. */
  segmenter: string | null = null;

  /** Counts the words of one fitted text. */
  fit(text: string): void {
    this.#texts++;
    this.#noteSegmenter(text);
    for (const word of new Set(wordsOf(text))) {
      const number = this.#numbers.get(word) ?? this.#numbers.size;
      this.#numbers.set(word, number);
      this.#documentFrequency[number] = (this.#documentFrequency[number] ?? 0) + 1;
    }
  }

  /** The text's vector, of length 1; empty if no word is known. */
  vector(text: string): SparseVector {
    const counts = new Map<number, number>();
    this.#noteSegmenter(text);
    for (const word of wordsOf(text)) {
      this.words++;
      const number = this.#numbers.get(word);
      if (number !== undefined) counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    const weights = [...counts].map(([number, count]) => [number, (1 + Math.log(count)) * this.#idf(number)] as const);
    const norm = Math.sqrt(weights.reduce((sum, [, weight]) => sum + weight * weight, 0));
    return new Map(weights.map(([number, weight]) => [number, weight / norm]));
  }

  #noteSegmenter(text: string): void {
    if (this.segmenter === null && unspaced.test(text)) this.segmenter = segmenterName;
  }

  #idf = (number: number) => Math.log((1 + this.#texts) / (1 + this.#documentFrequency[number]!)) + 1;
}

export function dot(a: SparseVector, b: SparseVector): number {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  let sum = 0;
  for (const [word, weight] of small) sum += weight * (large.get(word) ?? 0);
  return sum;
}

export interface BaselineOptions {
  /** A pooled corpus: positions of the documents that are searched, ascending; absent = all. */
  readonly pool?: Uint32Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Scores the baseline on one split of a data set version. */
export const evaluateBagOfWords = (
  dataset: Dataset,
  split: Split,
  options: BaselineOptions = {},
): Promise<MeasuredSplit> =>
  dataset.summary.task === 'ir' ? retrieval(dataset, split, options) : similarity(dataset, split, options);

/** What a reader sees of a triple: instance instruction and text. */
const textOf = ([, instance, text]: TextTriple) => instance + text;
const effortOf = ({ words, segmenter }: BagOfWords, begin: number): Effort => ({
  seconds: (performance.now() - begin) / 1000,
  tokens: words,
  wordSegmenter: segmenter,
});

/** The documents that an evaluation of one split searches, by word. */
export interface IndexedCorpus {
  readonly size: number;
  /** Positions of the documents by id: ascending by the UTF-8 bytes of the ids. */
  readonly positions: ReadonlyMap<string, number>;
  /** [size] tf-idf cosines of a query with every document, by position. */
  scores(query: TextTriple): Float64Array;
  readonly bag: BagOfWords;
}

/** Fits a bag of words on the corpus, or on its pool alone, and indexes it. */
export async function indexCorpus(
  dataset: Dataset,
  split: Split,
  { pool, signal }: BaselineOptions = {},
): Promise<IndexedCorpus> {
  const pooled = pool && (await idsAt(dataset, split, pool));
  const isSearched = ({ id }: StoredDocument): boolean => pooled?.has(id) ?? true;
  const bag = new BagOfWords();
  for await (const document of dataset.documents(split)) if (isSearched(document)) bag.fit(textOf(document.text));
  const index = new InvertedIndex();
  for await (const document of dataset.documents(split)) {
    signal?.throwIfAborted();
    if (isSearched(document)) index.add(document.id, bag.vector(textOf(document.text)));
  }
  const positions = index.sortById();
  return { size: index.size, positions, scores: (query) => index.scores(bag.vector(textOf(query))), bag };
}

/** Ids of documents by their positions in the order of the ids' bytes. */
async function idsAt(dataset: Dataset, split: Split, positions: Uint32Array): Promise<ReadonlySet<string>> {
  const ids: string[] = [];
  for await (const { id } of dataset.documents(split)) ids.push(id);
  ids.sort(compareUtf8);
  return new Set(Array.from(positions, (position) => ids[position]!));
}

async function retrieval(dataset: Dataset, split: Split, options: BaselineOptions): Promise<MeasuredSplit> {
  const { signal } = options;
  const begin = performance.now();
  const { bag, size, positions, scores } = await indexCorpus(dataset, split, options);
  const searches = new Searches();
  for await (const record of dataset.records(split)) {
    signal?.throwIfAborted();
    const identical = dataset.summary.ignoreIdenticalIds ? (positions.get(record.id) ?? -1) : -1;
    searches.add(scores(record.query), relevanceByPosition(record, positions, size), identical);
  }
  return searches.finish(size, effortOf(bag, begin));
}

/** Documents by word. Positions follow the ids' byte order once sorted. */
class InvertedIndex {
  readonly #ids: string[] = [];
  readonly #postings = new Map<number, { document: number; weight: number }[]>();
  #positions = new Uint32Array(0);

  get size(): number {
    return this.#ids.length;
  }

  add(id: string, vector: SparseVector): void {
    const document = this.#ids.push(id) - 1;
    for (const [word, weight] of vector) {
      const postings = this.#postings.get(word);
      if (postings === undefined) this.#postings.set(word, [{ document, weight }]);
      else postings.push({ document, weight });
    }
  }

  sortById(): Map<string, number> {
    const order = this.#ids.map((_, document) => document);
    order.sort((a, b) => compareUtf8(this.#ids[a]!, this.#ids[b]!));
    this.#positions = new Uint32Array(order.length);
    order.forEach((document, position) => {
      this.#positions[document] = position;
    });
    return new Map(order.map((document, position) => [this.#ids[document]!, position]));
  }

  /** [D] cosines with every document, by position. */
  scores(query: SparseVector): Float64Array {
    const scores = new Float64Array(this.size);
    for (const [word, weight] of query) {
      for (const posting of this.#postings.get(word) ?? []) {
        const position = this.#positions[posting.document]!;
        scores[position] = scores[position]! + weight * posting.weight;
      }
    }
    return scores;
  }
}

async function similarity(dataset: Dataset, split: Split, { signal }: BaselineOptions): Promise<MeasuredSplit> {
  const begin = performance.now();
  const bag = new BagOfWords();
  for await (const { query, positives } of dataset.records('train')) {
    for (const text of [query, ...positives]) bag.fit(textOf(text));
  }
  const cosine: number[] = [];
  const grades: number[] = [];
  for await (const { query, positives, positiveScores } of dataset.records(split)) {
    signal?.throwIfAborted();
    const grade = positiveScores[0] ?? -1;
    if (grade === -1) continue;
    cosine.push(dot(bag.vector(textOf(query)), bag.vector(textOf(positives[0]!))));
    grades.push(grade);
  }
  return similarityFigures(scoreSimilarities({ cosine }, grades), effortOf(bag, begin));
}
