/** What a plan may be, before anything of it is read. */
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../../src/fusion/plan/inputs.ts';
import { planLimits, readPlan } from '../../../src/fusion/plan/read-plan.ts';
import { planText } from '../../../src/fusion/plan/text.ts';
import type { FusionPlan } from '../../../src/fusion/types.ts';

const soup = (...inputs: (number | FusionPlan)[]): FusionPlan => ({ method: 'uniform-soup', parameters: {}, inputs });
const linear = (weights: number[], ...inputs: (number | FusionPlan)[]): FusionPlan => ({
  ...{ method: 'linear', parameters: {}, weights, inputs },
});

/** Nodes inside each other, the innermost over checkpoints 1 and 0. */
const nested = (levels: number): FusionPlan => (levels === 1 ? soup(1, 0) : soup(nested(levels - 1), 0));

describe('a plan', () => {
  it('is completed by defaults and weights, and spares inputs that are all checkpoints', () => {
    const plain: FusionPlan = { method: 'delta-guided', parameters: { power: 2 } };
    const full = { method: 'delta-guided', parameters: { granularity: 'tensor', power: 2, lambda: 1 } };
    expect(readPlan(plain, 3, 'input')).toEqual(full);
    expect(readPlan({ ...plain, inputs: [0, 1, 2] }, 3, 'input')).toEqual(full);
    expect(readPlan({ ...plain, inputs: [1, 0] }, 2, 'input')).toEqual({ ...full, inputs: [1, 0] });
    expect(readPlan({ method: 'linear', parameters: {} }, 2, 'input')).toMatchObject({ weights: [1, 1] });
    const twoLevels = { ...plain, only: ['encoder.*'], inputs: [soup(0, 1), 2] };
    expect(readPlan(twoLevels, 3, 'input')).toEqual({ ...full, only: ['encoder.*'], inputs: [soup(0, 1), 2] });
    expect(readPlan(readPlan(twoLevels, 3, 'input'), 3, 'input')).toEqual(readPlan(twoLevels, 3, 'input'));
  });

  it('may use a checkpoint in several nodes', () => {
    const plan = soup(soup(0, 1), soup(1, 2));
    expect(readPlan(plan, 3, 'input.plan')).toEqual(plan);
  });

  it.each<[string, FusionPlan, number, string, RegExp]>([
    ['an unknown method', { ...soup(0, 1), method: 'mean' as 'linear' }, 2, 'input.plan.method', /"mean"/],
    [
      'a parameter out of its range, by its path',
      soup(0, soup(1, { method: 'delta-guided', parameters: { power: 9 }, inputs: [0, 1] })),
      2,
      'input.plan.inputs.1.plan.inputs.1.plan.parameters.power',
      /power is 9/,
    ],
    [
      'a parameter of another method',
      { ...soup(0, 1), parameters: { power: 1 } },
      2,
      'input.plan.parameters.power',
      /no/,
    ],
    ['too few inputs', soup(0, soup(1)), 2, 'input.plan.inputs.1.plan.inputs', /UNIFORM_SOUP is given 1 input$/],
    ['no inputs', soup(), 0, 'input.plan.inputs', /0 inputs/],
    ['a place beyond the checkpoints', soup(0, 2), 2, 'input.plan.inputs.1.checkpoint', /no checkpoint 2 among the 2/],
    ['a place that is none', soup(0, -1), 1, 'input.plan.inputs.1.checkpoint', /no checkpoint -1/],
    ['half a place', soup(0, 0.5), 1, 'input.plan.inputs.1.checkpoint', /no checkpoint 0.5/],
    ['a checkpoint twice in a node', soup(0, 1, 0), 2, 'input.plan.inputs.2.checkpoint', /twice/],
    ['a checkpoint that it does not use', soup(0, soup(0, 2)), 3, 'input.plan', /does not use checkpoint 1 of the 3/],
    ['weights of a method that takes none', { ...soup(0, 1), weights: [1, 1] }, 2, 'input.plan.weights', /no weights/],
    ['too few weights', soup(0, linear([1], 0, 1)), 2, 'input.plan.inputs.1.plan.weights', /1 numbers for 2/],
    ['weights that sum to 0', linear([1, -1], 0, 1), 2, 'input.plan.weights', /sum to 0/],
    ['a weight that is none', linear([1, Number.NaN], 0, 1), 2, 'input.plan.weights.1', /NaN/],
    ['no globs', { ...soup(0, 1), only: [] }, 2, 'input.plan.only', /0 globs/],
    [
      'an empty glob',
      soup(0, { ...soup(0, 1), only: ['*', ' '] }),
      2,
      'input.plan.inputs.1.plan.only.1',
      /1 characters/,
    ],
    ['a long glob', { ...soup(0, 1), only: ['*'.repeat(201)] }, 2, 'input.plan.only.0', /201 characters/],
  ])('is refused for %s', (_what, plan, checkpoints, field, message) => {
    expect(() => readPlan(plan, checkpoints, 'input.plan')).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        message: expect.stringMatching(message),
        details: expect.objectContaining({ field, expected: expect.any(String), remedy: expect.any(String) }),
      }),
    );
  });

  it('is limited in levels, nodes and inputs', () => {
    expect(readPlan(nested(planLimits.levels), 2, 'input.plan')).toEqual(nested(planLimits.levels));
    const refused = (plan: FusionPlan, field: string, message: RegExp, checkpoints = 2) =>
      expect(() => readPlan(plan, checkpoints, 'input.plan')).toThrow(
        expect.objectContaining({
          code: 'LIMIT_EXCEEDED',
          message: expect.stringMatching(message),
          details: expect.objectContaining({ field }),
        }),
      );
    const deep = `input.plan${'.inputs.0.plan'.repeat(planLimits.levels)}`;
    refused(nested(planLimits.levels + 1), deep, /more than 8 levels of nodes/);
    refused(nested(2_000), deep, /more than 8 levels of nodes/);
    const many = soup(...Array.from({ length: planLimits.nodes }, () => soup(0, 1)));
    refused(many, `input.plan.inputs.${planLimits.nodes - 1}.plan`, /more than 64 nodes/);
    refused({ method: 'uniform-soup', parameters: {} }, 'input.plan', /more than 512 inputs/, planLimits.inputs + 1);
  });
});

describe('a plan for people', () => {
  const plan = readPlan(
    {
      ...{ method: 'delta-guided', parameters: {}, only: ['encoder.*', 'embeddings.*'] },
      inputs: [linear([2, 1, 0], 0, linear([3, -1], 1, 2), 2), soup(1, 0), 2],
    },
    3,
    'input.plan',
  );

  it('is an indented tree with shares, and weights where shares would mislead', () => {
    expect(planText(plan, ['one', 'two', 'three'])).toBe(
      `delta-guided (granularity tensor, power 1, lambda 1), only encoder.* embeddings.*
├─ linear
│  ├─ 66.7 % one
│  ├─ 33.3 % linear
│  │  ├─ 3 x two
│  │  └─ -1 x three
│  └─ 0 % three
├─ uniform-soup
│  ├─ two
│  └─ one
└─ three`,
    );
    expect(planText(readPlan({ method: 'linear', parameters: {} }, 3, 'input'), ['a', 'b', 'c'])).toBe(
      'linear\n├─ 33.3 % a\n├─ 33.3 % b\n└─ 33.3 % c',
    );
  });

  it('is a list, each node before what it merges', () => {
    const lines = linesOf(plan, 3).map(({ parent, weight, part }) => [
      parent,
      weight,
      typeof part === 'number' ? part : part.method,
    ]);
    expect(lines).toEqual([
      [null, null, 'delta-guided'],
      [0, null, 'linear'],
      [1, 2, 0],
      [1, 1, 'linear'],
      [3, 3, 1],
      [3, -1, 2],
      [1, 0, 2],
      [0, null, 'uniform-soup'],
      [7, null, 1],
      [7, null, 0],
      [0, null, 2],
    ]);
    expect(linesOf(readPlan({ method: 'linear', parameters: {} }, 2, 'input'), 2)).toEqual([
      { parent: null, weight: null, part: { method: 'linear', parameters: {}, weights: [1, 1] } },
      { parent: 0, weight: 1, part: 0 },
      { parent: 0, weight: 1, part: 1 },
    ]);
  });
});
