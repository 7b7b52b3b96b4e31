/** Evaluation results by one shape, for any scorer: a model or a bag of words. */

import type { Task } from '../data/types.ts';
import type { TokenizedSplit } from '../tokens/types.ts';
import { RetrievalMeans, rankingDepth, topDocuments } from './retrieval.ts';
import { evaluateSts, type SimilarityMetrics } from './sts.ts';
import { QueryList } from './units/query-list.ts';
import { hitDepth, type MeasuredSplit } from './units/types.ts';

/** The main metric of each task. */
const mainMetric: Readonly<Record<Task, string>> = { ir: 'ndcg_at_10', sts: 'cosine_spearman' };

/** What an evaluation cost. */
export interface Effort {
  readonly seconds: number;
  readonly tokens: number;
  readonly wordSegmenter?: string | null;
}

/**
 * Retrieval on one split of a token file. `scoresOf(query)` gives the scores [D] of all documents in the split's order
 * for query number `query` (0..N-1); the array may be reused between calls.
 */
export function evaluateRetrieval(
  split: TokenizedSplit,
  scoresOf: (query: number) => ArrayLike<number>,
  effort: Effort,
): MeasuredSplit {
  const run = new RetrievalRun(split);
  for (let query = 0; query < split.query.length; query++) run.add(query, scoresOf(query));
  return run.finish(effort);
}

/** The same, query by query, for a scorer that works in blocks. */
export class RetrievalRun {
  readonly #split: TokenizedSplit;
  readonly #searches = new Searches();

  constructor(split: TokenizedSplit) {
    this.#split = split;
  }

  add(query: number, scores: ArrayLike<number>): void {
    const { starts, values, scores: grades } = this.#split.judgements;
    const grade = new Map<number, number>();
    for (let entry = starts[query]!; entry < starts[query + 1]!; entry++) grade.set(values[entry]!, grades[entry]!);
    this.#searches.add(scores, grade, this.#split.identical[query]!);
  }

  finish(effort: Effort): MeasuredSplit {
    return this.#searches.finish(this.#split.documents.length, effort);
  }
}

/** Searches of one corpus, added query by query. */
export class Searches {
  readonly #means = new RetrievalMeans();
  readonly #queries = new QueryList();

  /**
   * `scores` [D] of all documents, which may be reused; `grades` the relevance of the relevant documents by position;
   * `identical` the document that is left out, or -1.
   */
  add(scores: ArrayLike<number>, grades: ReadonlyMap<number, number>, identical: number): void {
    const ranking = topDocuments(scores, rankingDepth, identical);
    const gradeOf = (document: number): number => grades.get(document) ?? 0;
    const metrics = this.#means.add({ ranked: ranking.map(gradeOf), judged: [...grades.values()] });
    const hits = ranking.slice(0, hitDepth);
    this.#queries.add(
      metrics,
      hits.map((document) => ({ document, score: scores[document]!, grade: gradeOf(document) })),
    );
  }

  finish(documents: number, effort: Effort): MeasuredSplit {
    const metrics = this.#means.means();
    const undefinedReasons = reasons(metrics, 'the split has no queries');
    const figures = { task: 'ir', main: mainMetric.ir, metrics, undefinedReasons, count: this.#means.queries } as const;
    return { ...figures, documents, ...effort, units: this.#queries.finish() };
  }
}

/** Similarity on one split: vectors [N, C] of the records' queries and partners. */
export function evaluateSimilarity(
  split: TokenizedSplit,
  vectors: { readonly first: Float32Array; readonly second: Float32Array; readonly dimension: number },
  effort: Effort,
): MeasuredSplit {
  return similarityFigures(evaluateSts({ ...vectors, grades: split.positives.scores }), effort);
}

export function similarityFigures(
  { metrics, undefinedReasons, units }: SimilarityMetrics,
  effort: Effort,
): MeasuredSplit {
  const figures = { task: 'sts', main: mainMetric.sts, metrics, undefinedReasons } as const;
  return { ...figures, count: units.cosines.length, documents: 0, ...effort, units };
}

const reasons = (metrics: Readonly<Record<string, number | null>>, reason: string): Record<string, string> =>
  Object.fromEntries(Object.entries(metrics).flatMap(([name, value]) => (value === null ? [[name, reason]] : [])));

/** Metrics that MTEB rounds to five digits; MRR and correlations it does not. */
const rounded = /^(ndcg|map|recall|precision)_at_\d+$/;

/** Metrics as MTEB prints them. */
export const roundLikeMteb = (metrics: Readonly<Record<string, number | null>>): Record<string, number | null> =>
  Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [
      name,
      value !== null && rounded.test(name) ? round5(value) : value,
    ]),
  );

/** Python's round(x, 5) of a number that is not negative: exact, halves to the even digit. */
export function round5(value: number): number {
  const exact = value.toFixed(60);
  const down = exact.slice(0, exact.indexOf('.') + 6);
  const isHalf = /^\d+\.\d{5}50*$/.test(exact);
  return Number(isHalf && Number(down.at(-1)) % 2 === 0 ? down : value.toFixed(5));
}
