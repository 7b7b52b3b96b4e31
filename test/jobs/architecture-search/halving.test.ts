/** Successive halving as arithmetic: sizes, updates, ties, runs that fail. */
import { describe, expect, it } from 'vitest';
import { type Judged, keptOf, nextOf, rungSizes, rungSteps } from '../../../src/jobs/architecture-search/halving.ts';

describe('rungs', () => {
  it.each([
    [9, 3, 900, [9, 3, 1], [100, 300, 900]],
    [9, 3, 100, [9, 3, 1], [11, 33, 100]],
    [10, 3, 100, [10, 4, 2, 1], [4, 11, 33, 100]],
    [8, 2, 8, [8, 4, 2, 1], [1, 2, 4, 8]],
    [2, 16, 5, [2, 1], [1, 5]],
    [1, 3, 7, [1], [7]],
    [3, 3, 1, [3, 1], [1, 1]],
  ])('of %i candidates with eta %i and %i updates', (candidates, eta, steps, sizes, updates) => {
    expect(rungSizes({ candidates, eta })).toEqual(sizes);
    expect(rungSteps({ candidates, eta, steps })).toEqual(updates);
  });
});

const rungOf = (rung: number, scores: readonly (number | null)[]): Judged[] =>
  scores.map((score, candidate) => ({ rung, candidate, score }));

describe('what is kept', () => {
  it.each([
    ['the best', [0.1, 0.5, 0.3, 0.4], 2, [1, 3]],
    ['the earlier of equal ones', [0.2, 0.5, 0.5, 0.5], 2, [1, 2]],
    ['the earlier of all equal ones', [0.5, 0.5, 0.5], 1, [0]],
    ['none that failed', [null, 0.1, null, 0.2], 3, [1, 3]],
    ['negative scores before failures', [null, -0.3], 1, [1]],
    ['nothing of failures', [null, null], 1, []],
  ])('is %s', (_, scores, count, kept) => {
    expect(keptOf(rungOf(0, scores), count)).toEqual(kept);
    expect(keptOf(rungOf(0, scores).reverse(), count)).toEqual(kept);
  });
});

describe('what follows', () => {
  const plan = { candidates: 9, eta: 3, steps: 90 };
  const first = rungOf(0, [0, 1, 9, 3, 8, 5, 2, 7, 6]);

  it('begins with all candidates', () => {
    const rung = { number: 0, steps: 10, candidates: [0, 1, 2, 3, 4, 5, 6, 7, 8] };
    expect(nextOf(plan, [])).toEqual({ type: 'rung', rung });
  });

  it('takes the best third into the next rung', () => {
    expect(nextOf(plan, first)).toEqual({ type: 'rung', rung: { number: 1, steps: 30, candidates: [2, 4, 7] } });
  });

  const second = [2, 4, 7].map((candidate, i) => ({ rung: 1, candidate, score: [0.1, 0.3, 0.3][i]! }));

  it('trains the default configuration at the last rung, too', () => {
    const rung = { number: 2, steps: 90, candidates: [0, 4] };
    expect(nextOf(plan, [...first, ...second])).toEqual({ type: 'rung', rung });
  });

  it('lets the default configuration win only where it was kept', () => {
    const third = (own: number) => [
      { rung: 2, candidate: 0, score: 1 },
      { rung: 2, candidate: own, score: 0.5 },
    ];
    expect(nextOf(plan, [...first, ...second, ...third(4)])).toEqual({ type: 'winner', candidate: 4 });
    expect(nextOf({ candidates: 2, eta: 3, steps: 9 }, [...rungOf(0, [1, 0]), ...rungOf(1, [0.2])])).toEqual({
      type: 'winner',
      candidate: 0,
    });
  });

  it('goes on with fewer where runs failed, and names the rung that left none', () => {
    const failed = rungOf(0, [null, null, null, null, 4, null, null, null, null]);
    expect(nextOf(plan, failed)).toEqual({ type: 'rung', rung: { number: 1, steps: 30, candidates: [4] } });
    const none = [...failed, { rung: 1, candidate: 4, score: null }];
    expect(nextOf(plan, none)).toEqual({ type: 'nothing', rung: 1 });
  });

  it('trains one candidate for all updates at once', () => {
    const one = { candidates: 1, eta: 3, steps: 7 };
    expect(nextOf(one, [])).toEqual({ type: 'rung', rung: { number: 0, steps: 7, candidates: [0] } });
    expect(nextOf(one, rungOf(0, [0.5]))).toEqual({ type: 'winner', candidate: 0 });
  });
});
