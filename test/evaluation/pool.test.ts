/** Pooled corpora: the judged documents and the first fifty of tf-idf, and the split that is left of a larger one. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { poolCorpus, pooledDepth } from '../../src/evaluation/pool.ts';
import { pooledSplit } from '../../src/evaluation/pooled-split.ts';
import type { TokenizedSplit } from '../../src/tokens/types.ts';
import { lines, workspace } from '../data/import-helpers.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();

describe('a pooled corpus', () => {
  it('has what is judged, relevant or not, and the first fifty of tf-idf for each query', async () => {
    const work = workspace(join(folder(), 'beir'));
    // Documents 000 to 079 hold the query's word, the earlier the more often in comparison; the others do not.
    const text = (i: number) => `${i < 80 ? 'pump' : 'belt'} ${'noise '.repeat(i % 80)}`.trim();
    const documents = Array.from({ length: 120 }, (_, i) => ({
      _id: String(i).padStart(3, '0'),
      title: '',
      text: text(i),
    }));
    const path = await work.files({
      'corpus.jsonl': lines(...documents),
      'queries.jsonl': lines({ _id: 'q', text: 'pump' }),
      'qrels/dev.tsv': 'query-id\tcorpus-id\tscore\nq\t110\t1\nq\t115\t0\n',
    });
    const dataset = await work.open(path, { importer: 'beir' });
    const pool = await poolCorpus(dataset, 'dev');
    const first = Array.from({ length: pooledDepth }, (_, i) => i);
    expect([...pool]).toEqual([...first, 110, 115]);
    expect((await poolCorpus(dataset, 'test')).length).toBe(0);
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
