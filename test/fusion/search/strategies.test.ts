/** Strategies as functions of the scores before: what they propose, in which order, and that they can be taken up. */
import { describe, expect, it } from 'vitest';
import { fusionCatalog } from '../../../src/fusion/catalog.ts';
import { searchedValues, searchStrategyCatalog } from '../../../src/fusion/search/catalog.ts';
import { nextCandidate } from '../../../src/fusion/search/next-candidate.ts';
import { keyOf } from '../../../src/fusion/search/plans.ts';
import type { Candidate, Scored, SearchPlan, SearchSpace } from '../../../src/fusion/search/types.ts';

const methods = fusionCatalog.map(({ name }) => name);
const spaceOf = (given: Partial<SearchSpace> = {}): SearchSpace => ({
  ...{ checkpoints: 3, methods, groupings: [], strategy: 'coordinate', seed: 7 },
  ...given,
});

type Score = (candidate: Candidate, number: number) => number | null;

/** Asks for candidates one by one, each time with all before. */
function search(space: SearchSpace, budget: number, scoreOf: Score): Scored[] {
  const before: Scored[] = [];
  while (before.length < budget) {
    const candidate = nextCandidate(space, before);
    if (!candidate) break;
    before.push({ candidate, score: scoreOf(candidate, before.length) });
  }
  return before;
}

const originsOf = (scored: readonly Scored[]) => scored.map(({ candidate }) => candidate.origin);
const plansOf = (scored: readonly Scored[]) => scored.flatMap(({ candidate }) => candidate.plan ?? []);
/** Peaks at lambda 1.5 and two checkpoints. */
const hill: Score = ({ plan }) =>
  plan ? 1 - Math.abs(1.5 - Number(plan.parameters['lambda'] ?? 1)) / 10 - plan.inputs.length / 100 : 0.5;

describe.each(searchStrategyCatalog.map(({ name }) => name))('%s', (strategy) => {
  it('scores every checkpoint first, in listed order, also where the budget is 1', () => {
    const space = spaceOf({ strategy });
    const single = (checkpoint: number) => ({ origin: 'single', checkpoint });
    expect(search(space, 1, hill).map(({ candidate }) => candidate)).toEqual([single(0)]);
    expect(search(space, 3, hill).map(({ candidate }) => candidate)).toEqual([0, 1, 2].map(single));
  });

  it('proposes no plan twice, each of two or more checkpoints in ascending order', () => {
    const plans = plansOf(search(spaceOf({ strategy }), 60, (_, number) => (number * 7919) % 101));
    expect(plans.length).toBeGreaterThan(0);
    expect(new Set(plans.map(keyOf)).size).toBe(plans.length);
    for (const { inputs } of plans) {
      expect(inputs.length).toBeGreaterThanOrEqual(2);
      expect(inputs).toEqual([...new Set(inputs as number[])].toSorted((a, b) => a - b));
    }
  });

  it('goes on behind what was stored, whatever the order of keys there', () => {
    const space = spaceOf({ strategy });
    const whole = search(space, 25, hill);
    const half = Math.min(11, whole.length - 1);
    const stored = whole.slice(0, half).map(({ candidate, score }) => ({ score, candidate: reordered(candidate) }));
    expect(nextCandidate(space, stored)).toEqual(whole[half]?.candidate);
  });

  it('ends where there is nothing left to try', () => {
    const scored = search(spaceOf({ strategy, checkpoints: 2, methods: ['uniform-soup'] }), 100, hill);
    expect(originsOf(scored)).toEqual(['single', 'single', expect.any(String)]);
  });

  it('refuses candidates that it would not have proposed', () => {
    const before = search(spaceOf({ strategy }), 4, hill);
    before[3] = { candidate: { origin: 'single', checkpoint: 0 }, score: 0 };
    expect(() => nextCandidate(spaceOf({ strategy }), before)).toThrow(/Candidate 3 .* this version/);
  });

  it('goes on where candidates have no score', () => {
    const scored = search(spaceOf({ strategy }), 20, () => null);
    expect(scored.length).toBeGreaterThanOrEqual(3);
  });
});

function reordered(candidate: Candidate): Candidate {
  const { plan, ...rest } = candidate;
  if (!plan) return candidate;
  const turned = Object.fromEntries(Object.entries(plan).toReversed());
  return { plan: turned, ...rest } as Candidate;
}

describe('coordinate', () => {
  it('tries every method with its defaults before anything else', () => {
    const scored = search(spaceOf(), 3 + methods.length, hill);
    expect(plansOf(scored).map(({ method }) => method)).toEqual(methods);
    expect(new Set(originsOf(scored.slice(3)))).toEqual(new Set(['default']));
  });

  it('changes one thing at a time from the best three, and keeps what is better', () => {
    const scored = search(spaceOf(), 80, hill);
    const [best] = plansOf(scored.toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0)));
    expect(best?.parameters).toMatchObject({ lambda: 1.5 });
    expect(best?.inputs).toHaveLength(2);
    expect(originsOf(scored)[3 + methods.length]).toBe('coordinate');
  });

  it('first leaves out the checkpoint that is worst by itself', () => {
    const worse: Score = ({ checkpoint, plan }) => (plan ? 0.5 : [0.3, 0.1, 0.2][checkpoint ?? 0]!);
    const [first] = plansOf(search(spaceOf(), 3 + methods.length + 1, worse)).slice(methods.length);
    expect(first).toMatchObject({ method: methods[0], inputs: [0, 2] });
  });

  it('draws at random once no change is better', () => {
    const origins = originsOf(search(spaceOf({ methods: ['uniform-soup', 'delta-guided'] }), 90, () => 0.5));
    const first = origins.indexOf('random');
    expect(first).toBeGreaterThan(5);
    expect(new Set(origins.slice(first))).toEqual(new Set(['random']));
  });

  it('depends on the seed alone', () => {
    const keys = (seed: number) => plansOf(search(spaceOf({ seed }), 40, hill)).map(keyOf);
    expect(keys(1)).toEqual(keys(1));
    expect(keys(1)).not.toEqual(keys(2));
  });
});

describe('plans of two levels', () => {
  const groupings = [
    [[0, 2], [1], [3, 4]],
    [
      [0, 1, 2],
      [3, 4],
    ],
  ];
  const space = (strategy: SearchSpace['strategy']) => spaceOf({ strategy, checkpoints: 5, groupings });
  const shapeOf = (inputs: SearchPlan['inputs']): unknown[] =>
    inputs.map((input) => (typeof input === 'number' ? input : shapeOf(input.inputs)));
  const isNested = ({ inputs }: SearchPlan) => inputs.some((input) => typeof input !== 'number');

  it('follow the defaults: that which is best, by each grouping', () => {
    const best: Score = ({ plan }) => (plan?.method === 'ties' ? 0.9 : 0.5);
    const plans = plansOf(search(space('coordinate'), 5 + methods.length + 2, best));
    expect(plans.slice(methods.length).map(({ method, inputs }) => [method, shapeOf(inputs)])).toEqual([
      ['ties', [[0, 2], 1, [3, 4]]],
      [
        'ties',
        [
          [0, 1, 2],
          [3, 4],
        ],
      ],
    ]);
  });

  it('change in their nodes, too, and use each checkpoint once', () => {
    const nested: Score = ({ plan }, number) => (plan && isNested(plan) ? 1 + number : 0);
    const plans = plansOf(search(space('coordinate'), 60, nested)).filter(isNested);
    const inner = plans.flatMap(({ inputs }) => inputs.filter((input) => typeof input !== 'number'));
    expect(new Set(inner.map(({ method }) => method)).size).toBeGreaterThan(2);
    for (const { inputs } of plans) {
      const leaves = shapeOf(inputs).flat() as number[];
      expect(new Set(leaves).size).toBe(leaves.length);
    }
  });

  it('are drawn at random', () => {
    const plans = plansOf(search(space('random'), 60, () => 0.5));
    const nested = plans.filter(isNested);
    expect(nested.length).toBeGreaterThan(5);
    expect(nested.length).toBeLessThan(plans.length);
  });
});

describe('greedy soup', () => {
  const space = spaceOf({ strategy: 'greedy-soup', checkpoints: 4 });
  const soups = (scoreOf: Score) => plansOf(search(space, 100, scoreOf)).map(({ inputs }) => inputs);

  it('takes descending scores, ties in listed order, and keeps what is not worse', () => {
    const singles = [0.3, 0.5, 0.5, 0.4];
    // With 2 as good, with 3 worse, with 0 better.
    const scores = [0.5, 0.45, 0.6];
    const score: Score = (_, number) => singles[number] ?? scores[number - 4] ?? null;
    expect(soups(score)).toEqual([
      [1, 2],
      [1, 2, 3],
      [0, 1, 2],
    ]);
  });

  it('passes over checkpoints that have no score', () => {
    expect(soups(({ checkpoint }) => (checkpoint === 2 ? null : 0.5))).toEqual([
      [0, 1],
      [0, 1, 3],
    ]);
  });
});

it('the values of the search hold the default of every number of the methods', () => {
  const values: Readonly<Record<string, readonly number[]>> = searchedValues;
  for (const { name, parameters } of fusionCatalog) {
    for (const { name: parameter, type, default: value } of parameters) {
      if (type === 'float') expect(values[parameter], `${name}.${parameter}`).toContain(value);
    }
  }
});
