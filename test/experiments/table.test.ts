/** Intervals of the experiment against figures of scipy, and its table. */
import { expect, it } from 'vitest';
import { intervalOf, tableOf } from './table.mjs';

it('gives the intervals of Student that scipy.stats.t.interval gives', () => {
  const three = intervalOf([0.76, 0.82, 0.8]);
  expect(three.mean).toBeCloseTo(0.793333, 6);
  expect(three.half).toBeCloseTo(0.075892, 5);
  expect(intervalOf([1, 2, 3, 4, 10]).half).toBeCloseTo(4.389945, 3);
  expect(intervalOf([0.5])).toEqual({ n: 1, mean: 0.5, half: null });
});

it('has a row per configuration, per width, and for what was refused', () => {
  const scores = { ndcgAt10: 0.5, spearman: 0.25 };
  const rows = tableOf([
    { name: 'a', seed: 1, steps: 9, scores, at: { 16: scores, 64: scores } },
    { name: 'a', seed: 2, steps: 9, scores, at: { 16: scores, 64: scores } },
    { name: 'b', seed: 1, refused: 'no such preset' },
  ]).split('\n');
  expect(rows.slice(2)).toEqual([
    '| a | 2 | 9 | 0.5000 ± 0.0000 | 0.2500 ± 0.0000 |',
    '| a, first 64 components | 2 | 9 | 0.5000 ± 0.0000 | 0.2500 ± 0.0000 |',
    '| a, first 16 components | 2 | 9 | 0.5000 ± 0.0000 | 0.2500 ± 0.0000 |',
    '| b | refused: no such preset | | | |',
  ]);
});
