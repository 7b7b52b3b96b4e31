/** Who wins, and the Pareto front, with ties. */
import { describe, expect, it } from 'vitest';
import { bestSingleOf, frontOf, winnerOf } from '../../../src/jobs/searching/standings.ts';

type Row = Parameters<typeof winnerOf>[0][number];
const rows = (...given: readonly Partial<Row>[]): Row[] =>
  given.map((row, number) => ({ number, origin: 'coordinate', score: 0, ir: 0, sts: 0, ...row }));
const numberOf = (row: Row | undefined) => row?.number;

describe('the winner', () => {
  const tied = rows({ origin: 'single', score: 0.4 }, { score: 0.5 }, { score: null }, { score: 0.5 });

  it('is the first of equal candidates', () => expect(numberOf(winnerOf(tied, 'coordinate'))).toBe(1));

  it('of greedy soups is the last of equal ones, since it keeps what is not worse', () => {
    expect(numberOf(winnerOf(tied, 'greedy-soup'))).toBe(3);
    const single = rows({ origin: 'single', score: 0.5 }, { origin: 'single', score: 0.5 }, { score: 0.4 });
    expect(numberOf(winnerOf(single, 'greedy-soup'))).toBe(0);
  });

  it('may have a score of 0 or less', () => {
    expect(numberOf(winnerOf(rows({ score: -0.2 }, { score: 0 }, { score: -0.1 }), 'random'))).toBe(1);
  });

  it('is none where no candidate has a score', () => {
    expect(winnerOf(rows({ score: null }), 'random')).toBeUndefined();
    expect(bestSingleOf(rows({ score: 1 }))).toBeUndefined();
  });
});

describe('the front', () => {
  const frontNumbers = (given: readonly Row[]) => frontOf(given).map(({ number }) => number);

  it('holds what no other candidate beats, by descending IR', () => {
    const given = rows({ ir: 0.5, sts: 0.5 }, { ir: 0.7, sts: 0.2 }, { ir: 0.4, sts: 0.6 }, { ir: 0.45, sts: 0.5 });
    expect(frontNumbers(given)).toEqual([1, 0, 2]);
  });

  it('leaves out what is equal at one task and worse at the other', () => {
    expect(frontNumbers(rows({ ir: 0.5, sts: 0.1 }, { ir: 0.5, sts: 0.2 }, { ir: 0.1, sts: 0.2 }))).toEqual([1]);
  });

  it('holds the first of equal candidates, and none without a score', () => {
    const given = rows({ score: null, ir: 1, sts: 1 }, { ir: 0.5, sts: 0.5 }, { ir: 0.5, sts: 0.5 });
    expect(frontNumbers(given)).toEqual([1]);
    expect(frontNumbers([])).toEqual([]);
  });

  it('is the best one where a task has no dev set', () => {
    expect(frontNumbers(rows({ ir: 0.2, sts: null }, { ir: 0.3, sts: null }, { ir: 0.3, sts: null }))).toEqual([1]);
  });
});
