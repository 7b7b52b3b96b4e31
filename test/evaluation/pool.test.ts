/** Pooled corpora: the judged documents and the first fifty of tf-idf, and the split that is left of a larger one. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { poolCorpus, pooledDepth } from '../../src/evaluation/pool.ts';
import { pooledSplit } from '../../src/evaluation/pooled-split.ts';
import { evaluateRetrieval } from '../../src/evaluation/result.ts';
import type { TokenizedSplit } from '../../src/tokens/types.ts';
import { lines, workspace } from '../data/import-helpers.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();

describe('a pooled corpus', () => {
  it('has what is judged, relevant or not, and the first fifty of tf-idf for each query', async () => {
    const work = workspace(join(folder(), 'beir'));
    // Documents 000 to 079 and 120 to 199 hold the word of a query, the earlier the more often in comparison.
    const words = { pump: [0, 80], belt: [80, 120], seal: [120, 200] } as const;
    const documents = Object.entries(words).flatMap(([word, [from, to]]) =>
      Array.from({ length: to - from }, (_, i) => ({
        _id: String(from + i).padStart(3, '0'),
        title: '',
        text: `${word} ${'noise '.repeat(i)}`.trim(),
      })),
    );
    // Relevant and not, of both queries; 78 and 190 are behind the first fifty of their own query.
    const judged = [
      ['p', '110', 1],
      ['p', '115', 0],
      ['p', '078', 0],
      ['s', '190', 2],
      ['s', '003', 0],
    ] as const;
    const path = await work.files({
      'corpus.jsonl': lines(...documents),
      'queries.jsonl': lines({ _id: 'p', text: 'pump' }, { _id: 's', text: 'seal' }),
      'qrels/dev.tsv': `query-id\tcorpus-id\tscore\n${judged.map((row) => `${row.join('\t')}\n`).join('')}`,
    });
    const dataset = await work.open(path, { importer: 'beir' });
    const pool = await poolCorpus(dataset, 'dev');
    const first = Array.from({ length: pooledDepth }, (_, i) => i);
    expect([...pool]).toEqual([...first, 78, 110, 115, ...first.map((i) => 120 + i), 190]);
    expect((await poolCorpus(dataset, 'test')).length).toBe(0);
  });

  it('gives other figures than all documents do', () => {
    const none = { starts: new Uint32Array(2), values: new Uint32Array(0), scores: new Float32Array(0) };
    const split: TokenizedSplit = {
      ...{ query: Uint32Array.of(0), positives: none, negatives: none, identical: Int32Array.of(-1) },
      documents: Uint32Array.from({ length: 120 }, (_, i) => i),
      judgements: {
        starts: Uint32Array.of(0, 3),
        values: Uint32Array.of(110, 115, 3),
        scores: Float32Array.of(1, 0, 2),
      },
    };
    // The documents from 50 to 109 are nearest, then the judged 115, 110 and 3, then the rest.
    const score = (i: number) => (i >= 50 && i < 110 ? 1 : ({ 115: 0.9, 110: 0.8, 3: 0.7 }[i] ?? 0));
    const pool = Uint32Array.of(...Array.from({ length: 50 }, (_, i) => i), 110, 115);
    const effort = { seconds: 1, tokens: 1 };
    const full = evaluateRetrieval(split, () => Array.from({ length: 120 }, (_, i) => score(i)), effort);
    expect(full).toMatchObject({ documents: 120, metrics: { ndcg_at_10: 0, mrr: 1 / 62, recall_at_100: 1 } });
    const pooled = evaluateRetrieval(pooledSplit(split, pool), () => Array.from(pool, score), effort);
    // Grade 1 at rank 2 and grade 2 at rank 3, of 2 and 1 at best.
    const ndcg = (1 / Math.log2(3) + 2 / Math.log2(4)) / (2 + 1 / Math.log2(3));
    expect(pooled).toMatchObject({
      documents: 52,
      metrics: { ndcg_at_10: expect.closeTo(ndcg, 12), mrr: 1 / 2, recall_at_3: 1, map: expect.closeTo(7 / 12, 12) },
    });
  });

  it('is refused of pairs', async () => {
    const work = workspace(join(folder(), 'sts'));
    const pair = { task_type: 'sts', query: ['', '', 'a'], positives: [['', '', 'b']], positive_scores: [1] };
    const dataset = await work.open(await work.files({ 'dev.jsonl': lines(pair) }));
    await expect(poolCorpus(dataset, 'dev')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('keeps the judgements: of documents in it by their new places, of the others behind it', () => {
    const none = { starts: new Uint32Array(2), values: new Uint32Array(0), scores: new Float32Array(0) };
    const split: TokenizedSplit = {
      ...{ query: Uint32Array.of(9), positives: none, negatives: none },
      documents: Uint32Array.of(10, 11, 12, 13),
      // The last is one that the corpus lacks.
      judgements: { starts: Uint32Array.of(0, 3), values: Uint32Array.of(3, 0, 4), scores: Float32Array.of(1, 2, 1) },
      identical: Int32Array.of(3),
    };
    const { documents, judgements, identical } = pooledSplit(split, Uint32Array.of(1, 3));
    expect([...documents]).toEqual([11, 13]);
    expect([...judgements.values]).toEqual([1, 2, 6]);
    expect([...identical]).toEqual([1]);
    expect([...pooledSplit({ ...split, identical: Int32Array.of(-1) }, Uint32Array.of(1)).identical]).toEqual([-1]);
  });
});
