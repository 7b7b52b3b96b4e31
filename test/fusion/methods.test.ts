/** Every method against its float64 reference, to the last bit of f32, and where its formula has an edge. */
import { describe, expect, it } from 'vitest';
import type { TensorSet } from '../../src/fusion/methods/method.ts';
import { RandomStream } from '../../src/random/keyed.ts';
import { modelStock, sce, slerp, taskArithmetic, ties } from '../reference/fusion-methods.ts';
import { mergeOne, tensorOf, vectorsOf } from './one-tensor.ts';

/** K checkpoints that moved by `scales`; with `steps` all deltas are multiples of a step, so that many are equal. */
function drawn(
  length: number,
  scales: readonly number[],
  { steps = 0, weights = scales.map(() => 1) } = {},
): TensorSet {
  const random = new RandomStream(length, scales.length);
  const initial = Float32Array.from({ length }, () => Math.fround(random.float() - 0.5));
  const moved = (scale: number): number[] =>
    [...initial].map((value) => {
      const delta = scale * 2 * (random.float() - 0.5);
      return value + (steps > 0 ? (Math.round(delta * steps) / steps) * 2 ** -10 : delta);
    });
  const start = steps > 0 ? initial.map((value) => Math.round(value * 64) / 64) : initial;
  if (steps > 0) initial.set(start);
  return tensorOf([...initial], scales.map(moved), weights);
}

const rounded = (values: readonly number[]): Float32Array => Float32Array.from(values);

const cases: [string, TensorSet][] = [
  ['one value', drawn(1, [0.1, 0.2])],
  ['two checkpoints', drawn(97, [0.1, 0.02])],
  ['five, weighted', drawn(131, [0.1, 0.02, 0.3, 0.1, 0.05], { weights: [1, 0.5, 2, 0, 0.25] })],
  ['negative weights', drawn(61, [0.1, 0.1, 0.2], { weights: [2, -0.5, 0.25] })],
  ['deltas of 1e-7', drawn(257, [1e-7, 1e-7, 3e-7])],
  ['equal sizes and equal values', drawn(1021, [3, 2, 1, 4], { steps: 1 })],
  ['one that did not move', drawn(64, [0.1, 0, 0.2])],
];

describe.each(cases)('a tensor of %s', (_, tensor) => {
  const vectors = vectorsOf(tensor);

  it.each([1, 0.3, -2])('task arithmetic, lambda %d', async (lambda) => {
    const { merged } = await mergeOne('task-arithmetic', { lambda }, tensor);
    expect(merged).toEqual(rounded(taskArithmetic(vectors, { lambda })));
  });

  it.each([
    [0.2, 1],
    [0, 1],
    [1, 1.5],
    [0.37, -1],
  ])('TIES, density %d, lambda %d', async (density, lambda) => {
    const { merged } = await mergeOne('ties', { density, lambda }, tensor);
    expect(merged).toEqual(rounded(ties(vectors, { density, lambda })));
  });

  it.each([1, 0.5, 0.1, 0])('SCE, density %d', async (density) => {
    const { merged, figures } = await mergeOne('sce', { density }, tensor);
    const expected = sce(vectors, { density });
    expect(merged).toEqual(rounded(expected.merged));
    expect(figures['keptShare']).toBe(expected.kept / tensor.initial.length);
  });

  it('Model Stock', async () => {
    const { merged, figures } = await mergeOne('model-stock', {}, { ...tensor, weights: tensor.weights.map(() => 1) });
    const expected = modelStock(vectors);
    expect(merged).toEqual(rounded(expected.merged));
    expect(figures['meanRatio']).toBeCloseTo(expected.ratio, 12);
  });

  it.each(['weights', 'deltas'] as const)('slerp of %s', async (of) => {
    const { merged, figures } = await mergeOne('slerp', { of }, tensor);
    const { merged: expected, pairs } = slerp(vectors, { of });
    expect(merged).toEqual(rounded(expected));
    expect(figures).toMatchObject({ tensors: 1, lerpTensors: pairs.some(({ lerp }) => lerp) ? 1 : 0 });
    const angles = pairs.flatMap(({ angle }) => angle ?? []).sort((a, b) => a - b);
    const middle = [(angles.length - 1) >> 1, angles.length >> 1].map((at) => angles[at]!);
    if (angles.length === 0) expect(figures['medianAngle']).toBeNull();
    else expect(figures['medianAngle']).toBeCloseTo((middle[0]! + middle[1]!) / 2, 7);
  });
});

describe('edges of the formulas', () => {
  const start = [1, -2, 0.5, 0];
  const moved = (...deltas: readonly number[]): number[] => deltas.map((delta, i) => start[i]! + delta);
  const near = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 7));

  it.each([
    'uniform-soup',
    'linear',
    'delta-guided',
    'task-arithmetic',
    'ties',
    'slerp',
    'sce',
    'model-stock',
  ] as const)('%s of checkpoints that did not move is theta_0', async (method) => {
    const { merged } = await mergeOne(method, {}, tensorOf(start, [start, start, start]));
    expect([...merged]).toEqual(start);
  });

  it.each(['uniform-soup', 'linear', 'delta-guided', 'slerp', 'sce', 'model-stock'] as const)(
    '%s of equal checkpoints is that checkpoint',
    async (method) => {
      const { merged } = await mergeOne(method, {}, tensorOf(start, [moved(1, 2, -3, 4), moved(1, 2, -3, 4)]));
      expect([...merged]).toEqual(moved(1, 2, -3, 4));
    },
  );

  it('one checkpoint alone is itself where a method takes one', async () => {
    const tensor = tensorOf(start, [moved(1, 2, -3, 4)]);
    expect([...(await mergeOne('linear', {}, tensor)).merged]).toEqual(moved(1, 2, -3, 4));
    expect([...(await mergeOne('task-arithmetic', {}, tensor)).merged]).toEqual(moved(1, 2, -3, 4));
    expect([...(await mergeOne('ties', { density: 0.5 }, tensor)).merged]).toEqual(moved(0, 0, -3, 4));
  });

  it('opposite deltas: the sum of 0 counts as plus, the cosine is -1 and clamped', async () => {
    const tensor = tensorOf(start, [moved(1, -2, 3, -4), moved(-1, 2, -3, 4)]);
    expect([...(await mergeOne('ties', { density: 1 }, tensor)).merged]).toEqual(moved(1, 2, 3, 4));
    expect([...(await mergeOne('sce', {}, tensor)).merged]).toEqual(moved(1, 2, 3, 4));
    const stock = await mergeOne('model-stock', {}, tensor);
    expect([[...stock.merged], stock.figures]).toEqual([start, { meanRatio: 0 }]);
    const spherical = await mergeOne('slerp', { of: 'deltas' }, tensor);
    expect([...spherical.merged]).toEqual(start);
    expect(spherical.figures).toEqual({ tensors: 1, lerpTensors: 1, medianAngle: expect.closeTo(Math.PI, 12) });
  });

  it('TIES keeps the lower index of equal sizes, one value at least, and no delta of 0', async () => {
    const tensor = tensorOf(start, [moved(2, -2, 2, 1), moved(0, 0, 0, 0)]);
    expect([...(await mergeOne('ties', { density: 0.5 }, tensor)).merged]).toEqual(moved(2, -2, 0, 0));
    expect([...(await mergeOne('ties', { density: 0 }, tensor)).merged]).toEqual(moved(2, 0, 0, 0));
  });

  it('TIES leaves theta_0 where the weights of what agrees sum to 0', async () => {
    const tensor = tensorOf(
      [0, 0],
      [
        [1, 1],
        [-3, 2],
      ],
      [1, -1],
    );
    expect([...(await mergeOne('ties', { density: 1 }, tensor)).merged]).toEqual([0, 2]);
  });

  it('SCE keeps the lower index of equal variances, and drops what all moved alike', async () => {
    const tensor = tensorOf(
      [0, 0, 0, 0],
      [
        [2, 5, 2, 0],
        [0, 5, 0, 1],
      ],
    );
    // Kept are 0, 2 and 3 of density 1; squares 8 and 1, but where the signs agree one checkpoint is alone.
    expect([...(await mergeOne('sce', {}, tensor)).merged]).toEqual([2, 0, 2, 1]);
    const half = await mergeOne('sce', { density: 0.5 }, tensor);
    expect([[...half.merged], half.figures]).toEqual([[2, 0, 0, 0], { keptShare: 0.25 }]);
  });

  it('slerp is on the sphere between orthogonal deltas, and lerp beside a delta of 0', async () => {
    const orthogonal = tensorOf(
      [0, 0],
      [
        [3, 0],
        [0, 3],
      ],
      [3, 1],
    );
    const { merged, figures } = await mergeOne('slerp', { of: 'deltas' }, orthogonal);
    expect([...merged]).toEqual(near([3 * Math.cos(Math.PI / 8), 3 * Math.sin(Math.PI / 8)]));
    expect(figures).toEqual({ tensors: 1, lerpTensors: 0, medianAngle: expect.closeTo(Math.PI / 2, 12) });
    const still = await mergeOne(
      'slerp',
      { of: 'deltas' },
      tensorOf(
        [1, 1],
        [
          [1, 1],
          [1, 5],
        ],
        [3, 1],
      ),
    );
    expect([[...still.merged], still.figures]).toEqual([[1, 2], { tensors: 1, lerpTensors: 1, medianAngle: null }]);
  });

  it('slerp of weights that are nearly parallel is the mean', async () => {
    const tensor = tensorOf(
      [1, 1],
      [
        [1, 1.01],
        [1.01, 1],
      ],
    );
    const { merged, figures } = await mergeOne('slerp', {}, tensor);
    expect([...merged]).toEqual(near([1.005, 1.005]));
    expect(figures['lerpTensors']).toBe(1);
  });

  it('Model Stock is the mean where deltas are parallel, theta_0 where they are orthogonal', async () => {
    const parallel = await mergeOne(
      'model-stock',
      {},
      tensorOf(
        [1, 1],
        [
          [2, 2],
          [4, 4],
        ],
      ),
    );
    expect([...parallel.merged]).toEqual([3, 3]);
    const orthogonal = await mergeOne(
      'model-stock',
      {},
      tensorOf(
        [1, 1],
        [
          [2, 1],
          [1, 2],
        ],
      ),
    );
    expect([[...orthogonal.merged], orthogonal.figures]).toEqual([[1, 1], { meanRatio: 0 }]);
  });
});
