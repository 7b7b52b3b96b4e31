/**
 * Retrieval metrics by trec_eval's definitions (as pytrec_eval and MTEB use them): linear gains, documents by score
 * descending in f32, ties by id descending in UTF-8 byte order, unjudged documents not relevant, relevant = grade 1 or
 * more.
 */
import { invariant } from '../errors.ts';

/** Ranks at which metrics are cut. */
const cutoffs = [1, 3, 5, 10, 20, 100, 1000] as const;
/** Documents of a ranking that count, as MTEB keeps them. */
export const rankingDepth = Math.max(...cutoffs);

/** What one query's metrics need. */
export interface RankedGrades {
  /** Grades of the ranked documents, best first; 0 for unjudged ones. */
  readonly ranked: readonly number[];
  /** Grades of all judged documents of the query. */
  readonly judged: readonly number[];
}

/** Metrics of one query: map, mrr, and ndcg, map, recall, precision, mrr at each of {@link cutoffs} as `ndcg_at_10`. */
export function queryMetrics({ ranked, judged }: RankedGrades): Record<string, number> {
  const relevant = judged.filter((grade) => grade >= 1).length;
  const perRelevant = (sum: number) => (relevant === 0 ? 0 : sum / relevant);
  const ideal = idealGains(judged);
  const metrics: Record<string, number> = {};
  let hits = 0;
  let precisions = 0;
  let gain = 0;
  let reciprocal = 0;
  let rank = 0;
  for (const cutoff of [...cutoffs, Math.max(ranked.length, rankingDepth + 1)]) {
    for (; rank < Math.min(cutoff, ranked.length); rank++) {
      const grade = ranked[rank]!;
      if (grade > 0) gain += grade / Math.log2(rank + 2);
      if (!(grade >= 1)) continue;
      hits++;
      precisions += hits / (rank + 1);
      if (reciprocal === 0) reciprocal = 1 / (rank + 1);
    }
    if (cutoff > rankingDepth) break;
    const best = ideal(cutoff);
    metrics[`ndcg_at_${cutoff}`] = best === 0 ? 0 : gain / best;
    metrics[`map_at_${cutoff}`] = perRelevant(precisions);
    metrics[`recall_at_${cutoff}`] = perRelevant(hits);
    metrics[`precision_at_${cutoff}`] = hits / cutoff;
    metrics[`mrr_at_${cutoff}`] = reciprocal;
  }
  metrics['map'] = perRelevant(precisions);
  metrics['mrr'] = reciprocal;
  return metrics;
}

/** Discounted gain of the best possible ranking, cut at k. */
function idealGains(judged: readonly number[]): (cutoff: number) => number {
  const gains = judged.filter((grade) => grade > 0).sort((a, b) => b - a);
  return (cutoff) => gains.slice(0, cutoff).reduce((sum, grade, rank) => sum + grade / Math.log2(rank + 2), 0);
}

/** Means over queries, added one by one. */
export class RetrievalMeans {
  readonly #sums = new Map<string, number>();
  #queries = 0;

  get queries(): number {
    return this.#queries;
  }

  /** Returns the query's own metrics. */
  add(query: RankedGrades): Record<string, number> {
    this.#queries++;
    const metrics = queryMetrics(query);
    for (const [name, value] of Object.entries(metrics)) this.#sums.set(name, (this.#sums.get(name) ?? 0) + value);
    return metrics;
  }

  /** Metric by name; null for all if there was no query. */
  means(): Record<string, number | null> {
    const names = this.#queries === 0 ? Object.keys(queryMetrics({ ranked: [], judged: [] })) : [...this.#sums.keys()];
    return Object.fromEntries(
      names.map((name) => [name, this.#queries === 0 ? null : this.#sums.get(name)! / this.#queries]),
    );
  }
}

/**
 * The best documents of one query from its score of every document: positions, best first. Documents lie in ascending
 * byte order of their ids, so of equal scores the later position wins. `excluded` (or -1) is left out.
 */
export function topDocuments(scores: ArrayLike<number>, depth: number = rankingDepth, excluded = -1): number[] {
  const heap: number[] = [];
  const worse = (a: number, b: number) => {
    const difference = Math.fround(scores[a]!) - Math.fround(scores[b]!);
    return difference < 0 || (difference === 0 && a < b);
  };
  for (let document = 0; document < scores.length; document++) {
    if (document === excluded) continue;
    invariant(!Number.isNaN(scores[document]!), `The score of document ${document} is not a number`);
    if (heap.length < depth) {
      heap.push(document);
      siftUp(heap, worse);
    } else if (depth > 0 && worse(heap[0]!, document)) {
      heap[0] = document;
      siftDown(heap, worse);
    }
  }
  return heap.sort((a, b) => (worse(b, a) ? -1 : 1));
}

/** A binary heap with the worst document on top. */
function siftUp(heap: number[], worse: (a: number, b: number) => boolean): void {
  let child = heap.length - 1;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if (!worse(heap[child]!, heap[parent]!)) return;
    [heap[child], heap[parent]] = [heap[parent]!, heap[child]!];
    child = parent;
  }
}

function siftDown(heap: number[], worse: (a: number, b: number) => boolean): void {
  for (let parent = 0; ; ) {
    let least = parent;
    for (const child of [2 * parent + 1, 2 * parent + 2]) {
      if (child < heap.length && worse(heap[child]!, heap[least]!)) least = child;
    }
    if (least === parent) return;
    [heap[least], heap[parent]] = [heap[parent]!, heap[least]!];
    parent = least;
  }
}
