/** The table of the experiment. */
import { expect, it } from 'vitest';
import { tableOf } from './table.mjs';

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
