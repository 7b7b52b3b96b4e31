/** Evaluation results by one shape, for any scorer: a model or a bag of words. */

import type { Task } from '../data/types.ts';
import type { TokenizedSplit } from '../tokens/types.ts';
import { RetrievalMeans, rankingDepth, topDocuments } from './retrieval.ts';
import { evaluateSts, type SimilarityMetrics } from './sts.ts';
import type { EvaluationFigures } from './types.ts';

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
): EvaluationFigures {
  const run = new RetrievalRun(split);
  for (let query = 0; query < split.query.length; query++) run.add(query, scoresOf(query));
  return run.finish(effort);
}

/** The same, query by query, for a scorer that works in blocks. */
export class RetrievalRun {
  readonly #split: TokenizedSplit;
  readonly #means = new RetrievalMeans();

  constructor(split: TokenizedSplit) {
    this.#split = split;
  }

  add(query: number, scores: ArrayLike<number>): void {
    const { starts, values, scores: grades } = this.#split.judgements;
    const grade = new Map<number, number>();
    for (let entry = starts[query]!; entry < starts[query + 1]!; entry++) grade.set(values[entry]!, grades[entry]!);
    const ranking = topDocuments(scores, rankingDepth, this.#split.identical[query]!);
    this.#means.add({ ranked: ranking.map((document) => grade.get(document) ?? 0), judged: [...grade.values()] });
  }

  finish(effort: Effort): EvaluationFigures {
    return retrievalFigures(this.#means, this.#split.documents.length, effort);
  }
}

export function retrievalFigures(means: RetrievalMeans, documents: number, effort: Effort): EvaluationFigures {
  const metrics = means.means();
  const undefinedReasons = reasons(metrics, 'the split has no queries');
  return { task: 'ir', main: mainMetric.ir, metrics, undefinedReasons, count: means.queries, documents, ...effort };
}

/** Similarity on one split: vectors [N, C] of the records' queries and partners. */
export function evaluateSimilarity(
  split: TokenizedSplit,
  vectors: { readonly first: Float32Array; readonly second: Float32Array; readonly dimension: number },
  effort: Effort,
): EvaluationFigures {
  return similarityFigures(evaluateSts({ ...vectors, grades: split.positives.scores }), effort);
}

export function similarityFigures(
  { metrics, undefinedReasons, pairs }: SimilarityMetrics,
  effort: Effort,
): EvaluationFigures {
  return { task: 'sts', main: mainMetric.sts, metrics, undefinedReasons, count: pairs, documents: 0, ...effort };
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
