import { describe, expect, it } from 'vitest';
import { relevanceByPosition, relevanceOf } from '../../src/data/relevance.ts';
import type { StoredRecord } from '../../src/data/types.ts';

describe('relevanceOf', () => {
  it.each([
    [-1, 1],
    [0, 0],
    [0.3, 1],
    [1, 1],
    [2.5, 2.5],
    [4, 4],
  ])('%d -> %d', (grade, relevance) => {
    expect(relevanceOf(grade)).toBe(relevance);
  });
});

it('puts relevant documents that the corpus lacks behind it', () => {
  const record: StoredRecord = {
    ...{ kind: 'record', split: 'test', id: 'q', task: 'ir', query: ['', '', 'q'], negatives: [], negativeScores: [] },
    ...{ positives: [['', '', 'a']], positiveDocuments: ['a'], positiveScores: [1], absentScores: [2, 3] },
  };
  const grades = relevanceByPosition(record, new Map([['a', 4]]), 9);
  expect([...grades]).toEqual([
    [4, 1],
    [9, 2],
    [10, 3],
  ]);
});
