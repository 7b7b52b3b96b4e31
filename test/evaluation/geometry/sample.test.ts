import { describe, expect, it } from 'vitest';
import { sampleGeometry } from '../../../src/evaluation/geometry/sample.ts';
import type { Lists, TokenizedSplit } from '../../../src/tokens/types.ts';

const lists = (rows: readonly (readonly (readonly [number, number])[])[]): Lists => {
  const starts = [0];
  for (const row of rows) starts.push(starts.at(-1)! + row.length);
  const entries = rows.flat();
  return {
    starts: Uint32Array.from(starts),
    values: Uint32Array.from(entries, ([value]) => value),
    scores: Float32Array.from(entries, ([, score]) => score),
  };
};
const empty = lists([]);
const split = (parts: Partial<TokenizedSplit>): TokenizedSplit => ({
  query: new Uint32Array(),
  positives: empty,
  negatives: empty,
  documents: new Uint32Array(),
  judgements: empty,
  identical: new Int32Array(),
  ...parts,
});
const keys = ({ first, second }: { first: Uint32Array; second: Uint32Array }) =>
  Array.from(first, (text, i) => [text, second[i]!].sort((a, b) => a - b).join('-'));

describe('sampleGeometry', () => {
  const small = split({ query: Uint32Array.of(4, 5, 4), positives: lists([[[6, 1]], [[7, 0.8]], [[5, 0.79]]]) });

  it('takes all of a small split once: texts, pairs and close positives', () => {
    const { texts, pairs, positives, tokenTexts } = sampleGeometry('sts', small, 1);
    expect([...texts].sort()).toEqual([4, 5, 6, 7]);
    expect([...tokenTexts].sort()).toEqual([4, 5, 6, 7]);
    expect(new Set(keys(pairs))).toEqual(new Set(['4-5', '4-6', '4-7', '5-6', '5-7', '6-7']));
    expect(keys(pairs)).toHaveLength(6);
    expect(keys(positives).sort()).toEqual(['4-6', '5-7']);
  });

  it('takes queries and documents, and relevant ones that the corpus has', () => {
    const documents = Uint32Array.of(10, 11, 12);
    const judgements = lists([
      [
        [0, 2],
        [1, 0],
      ],
      [
        [2, 1],
        [3, 1],
      ],
    ]);
    const sample = sampleGeometry('ir', split({ query: Uint32Array.of(1, 2), documents, judgements }), 1);
    expect([...sample.texts].sort((a, b) => a - b)).toEqual([1, 2, 10, 11, 12]);
    expect(keys(sample.positives).sort()).toEqual(['1-10', '2-12']);
  });

  it('draws a seeded part of a large one', () => {
    const documents = Uint32Array.from({ length: 5_000 }, (_, i) => i);
    const query = Uint32Array.from({ length: 3_000 }, (_, i) => 5_000 + i);
    const judgements = lists(Array.from({ length: 3_000 }, (_, i) => [[i, 1]] as const));
    const large = split({ query, documents, judgements });
    const { texts, pairs, positives, tokenTexts } = sampleGeometry('ir', large, 1);
    expect(texts).toHaveLength(4_000);
    expect(new Set(texts).size).toBe(4_000);
    expect(texts.filter((text) => text < 5_000)).toHaveLength(2_000);
    expect(new Set(keys(pairs)).size).toBe(20_000);
    expect(pairs.first.every((text, i) => text !== pairs.second[i])).toBe(true);
    expect(new Set(keys(positives)).size).toBe(2_000);
    expect(tokenTexts).toHaveLength(500);
    expect(sampleGeometry('ir', large, 1)).toEqual(sampleGeometry('ir', large, 1));
    expect(sampleGeometry('ir', large, 2).texts).not.toEqual(texts);
  });

  it('has no pair of one text', () => {
    const one = split({ query: Uint32Array.of(3), positives: lists([[[3, 1]]]) });
    const { texts, pairs } = sampleGeometry('sts', one, 1);
    expect([...texts]).toEqual([3]);
    expect(pairs.first).toHaveLength(0);
  });
});
