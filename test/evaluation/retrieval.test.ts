import { describe, expect, it } from 'vitest';
import { compareUtf8 } from '../../src/data/code-points.ts';
import { evaluateRetrieval, round5, roundLikeMteb } from '../../src/evaluation/result.ts';
import { RetrievalMeans, topDocuments } from '../../src/evaluation/retrieval.ts';
import { evaluateRun } from '../../src/evaluation/run.ts';
import type { EvaluationFigures } from '../../src/evaluation/types.ts';
import { RandomStream } from '../../src/random/keyed.ts';
import type { TokenizedSplit } from '../../src/tokens/types.ts';

describe('topDocuments', () => {
  it.each([1, 2, 7, 1000, 1001, 3000])('equals sorting everything, %i documents with many ties', (documents) => {
    const random = new RandomStream(documents);
    const scores = Float64Array.from({ length: documents }, () => random.below(9) / 7);
    const sorted = [...scores.keys()].sort((a, b) => Math.fround(scores[b]!) - Math.fround(scores[a]!) || b - a);
    expect(topDocuments(scores)).toEqual(sorted.slice(0, 1000));
    expect(topDocuments(scores, 3)).toEqual(sorted.slice(0, 3));
  });

  it('compares as f32 and leaves out the excluded document', () => {
    const scores = [0.3, 0.300000001, 0.2];
    expect(topDocuments(scores)).toEqual([1, 0, 2]);
    expect(topDocuments([0.300000001, 0.3, 0.2])).toEqual([1, 0, 2]);
    expect(topDocuments(scores, 1000, 1)).toEqual([0, 2]);
  });

  it('refuses a score that is not a number', () => {
    expect(() => topDocuments([1, Number.NaN])).toThrow('document 1 is not a number');
  });
});

/** One split with documents of the given ids; the token arrays play no part in evaluation. */
function makeSplit(judged: readonly (readonly [number, number])[][], documents: number, identical?: number[]) {
  const starts = [0];
  for (const list of judged) starts.push(starts.at(-1)! + list.length);
  const none = { starts: new Uint32Array(judged.length + 1), values: new Uint32Array(0), scores: new Float32Array(0) };
  const split: TokenizedSplit = {
    query: Uint32Array.from(judged.keys()),
    positives: none,
    negatives: none,
    documents: Uint32Array.from({ length: documents }, (_, index) => index),
    judgements: {
      starts: Uint32Array.from(starts),
      values: Uint32Array.from(judged.flat(), ([document]) => document),
      scores: Float32Array.from(judged.flat(), ([, grade]) => grade),
    },
    identical: Int32Array.from(judged, (_, query) => identical?.[query] ?? -1),
  };
  return split;
}

describe('evaluateRetrieval', () => {
  it('equals the evaluation by ids, which is the one tested against trec_eval', () => {
    const random = new RandomStream(5);
    const ids = ['a', 'B', '~', '中', '😀', '\uffee', 'd10', 'd2', 'ß', 'zz'].sort(compareUtf8);
    const judged = [0, 1, 2].map(() =>
      random.sample(ids.length, 4).map((document) => [document, 1 + random.below(3)] as const),
    );
    const scores = judged.map(() => Float32Array.from(ids, () => random.below(4) / 3));
    const fast = evaluateRetrieval(makeSplit(judged, ids.length), (query) => scores[query]!, { seconds: 1, tokens: 2 });
    const byId = evaluateRun(
      new Map(scores.map((list, query) => [`q${query}`, new Map(ids.map((id, index) => [id, list[index]!]))])),
      new Map(
        judged.map((list, query) => [`q${query}`, new Map(list.map(([document, grade]) => [ids[document]!, grade]))]),
      ),
    );
    const result: EvaluationFigures = fast;
    expect(result.metrics).toEqual(byId.means());
    expect(result).toMatchObject({ task: 'ir', main: 'ndcg_at_10', count: 3, documents: 10, seconds: 1, tokens: 2 });
  });

  it('leaves out the document whose id is the query', () => {
    const judged = [[[0, 1] as const]];
    const best = (identical: number[]) =>
      evaluateRetrieval(makeSplit(judged, 3, identical), () => [0.5, 0.1, 0.9], { seconds: 0, tokens: 0 }).metrics[
        'mrr'
      ];
    expect(best([-1])).toBe(0.5);
    expect(best([2])).toBe(1);
  });

  it('says null and why where there is no query', () => {
    const { metrics, undefinedReasons } = evaluateRetrieval(makeSplit([], 3), () => [], { seconds: 0, tokens: 0 });
    expect(metrics['ndcg_at_10']).toBeNull();
    expect(undefinedReasons['ndcg_at_10']).toBe('the split has no queries');
  });

  it('counts a query without a relevant document as 0', () => {
    const means = new RetrievalMeans();
    means.add({ ranked: [0, 0], judged: [] });
    means.add({ ranked: [1], judged: [1] });
    expect(means.means()['ndcg_at_10']).toBe(0.5);
  });
});

describe("MTEB's rounding", () => {
  it.each([
    [0.123456789, 0.12346],
    [0.015625, 0.01562],
    [0.046875, 0.04688],
    [2.675005, 2.67501],
    [0, 0],
    [1, 1],
  ])('rounds %f to %f as Python does', (value, expected) => expect(round5(value)).toBe(expected));

  it('leaves MRR, correlations and null alone', () => {
    const metrics = { ndcg_at_10: 1 / 3, mrr_at_10: 1 / 3, cosine_spearman: 1 / 3, map_at_1: null };
    expect(roundLikeMteb(metrics)).toEqual({ ...metrics, ndcg_at_10: 0.33333 });
  });
});
