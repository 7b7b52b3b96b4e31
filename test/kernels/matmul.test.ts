/** matmulNT, NN and TN in both forms, aligned and not, against float64; columnSum. */
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/device/types.ts';
import { columnSum, matmulNN, matmulNT, matmulTN } from '../../src/kernels/matmul.ts';
import { expectClose, random, type TensorScope, testForms, testGpu, withTensors } from '../device.ts';
import * as reference from '../reference/matmul.ts';
import { tolerances } from '../tolerances.ts';

const gpu = await testGpu();

/** [M, N, K] of out[M,N] with a reduction over K: multiples of 4 and not, edges of tiles, long and thin. */
const sizes: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [1, 4, 4],
  [3, 5, 7],
  [31, 13, 17],
  [32, 16, 8],
  [34, 12, 36],
  [33, 17, 9],
  [63, 64, 65],
  [64, 64, 64],
  [65, 68, 12],
  [127, 129, 31],
  [129, 60, 100],
  [1, 256, 64],
  [300, 64, 256],
];

const inputs = (m: number, n: number, k: number) => {
  const source = random(m * 7 + n * 3 + k);
  return { a: source.floats(m * k), b: source.floats(n * k), bias: source.floats(n), before: source.floats(m * n) };
};

async function result(run: (scope: TensorScope) => Tensor): Promise<Float32Array> {
  return withTensors(gpu, async (scope) => gpu.read(run(scope)));
}

describe.each(testForms)('matmul in the %s form', (form) => {
  it.each(sizes)('NT [%i,%i] over %i', async (m, n, k) => {
    const { a, b } = inputs(m, n, k);
    const actual = await result((scope) => {
      const out = scope.unwritten('out', [m, n]);
      matmulNT(gpu, { a: scope.upload('a', [m, k], a), b: scope.upload('b', [n, k], b), out, form });
      return out;
    });
    expectClose(actual, reference.matmulNT(a, b, m, n, k), tolerances.matmul);
  });

  it.each(sizes)('NN [%i,%i] over %i', async (m, n, k) => {
    const { a, b } = inputs(m, n, k);
    const actual = await result((scope) => {
      const out = scope.unwritten('out', [m, n]);
      matmulNN(gpu, { a: scope.upload('a', [m, k], a), b: scope.upload('b', [k, n], b), out, form });
      return out;
    });
    expectClose(actual, reference.matmulNN(a, b, m, n, k), tolerances.matmul);
  });

  it.each(sizes)('TN [%i,%i] over %i', async (m, n, k) => {
    const { a, b, before } = inputs(m, n, k);
    const run = (accumulate: boolean) =>
      result((scope) => {
        const out = accumulate ? scope.upload('out', [m, n], before) : scope.unwritten('out', [m, n]);
        matmulTN(gpu, { a: scope.upload('a', [k, m], a), b: scope.upload('b', [k, n], b), out, accumulate, form });
        return out;
      });
    const expected = reference.matmulTN(a, b, m, n, k);
    expectClose(await run(false), expected, tolerances.matmul);
    expectClose(
      await run(true),
      expected.map((value, index) => value + before[index]!),
      tolerances.matmul,
    );
  });

  it.each([
    [33, 17, 8],
    [5, 3, 7],
  ])('adds a bias and scales: [%i,%i] over %i', async (m, n, k) => {
    const { a, b, bias } = inputs(m, n, k);
    const actual = await result((scope) => {
      const out = scope.unwritten('out', [m, n]);
      const tensors = {
        a: scope.upload('a', [m, k], a),
        b: scope.upload('b', [n, k], b),
        bias: scope.upload('bias', [n], bias),
      };
      matmulNT(gpu, { ...tensors, out, alpha: 0.125, form });
      return out;
    });
    const expected = reference.matmulNT(a, b, m, n, k).map((value, index) => value * 0.125 + bias[index % n]!);
    expectClose(actual, expected, tolerances.matmul);
  });

  it('gives a row the same bits whatever rows stand beside it', async () => {
    const [m, n, k] = [1999, 64, 64];
    const { a, b } = inputs(m, n, k);
    const rows = (count: number) =>
      result((scope) => {
        const out = scope.unwritten('out', [count, n]);
        const part = scope.upload('a', [count, k], a.slice(0, count * k));
        matmulNT(gpu, { a: part, b: scope.upload('b', [n, k], b), out, form });
        return out;
      });
    const all = await rows(m);
    for (const count of [1, 31, 64]) expect(await rows(count)).toEqual(all.slice(0, count * n));
  });

  it('lets NaN and infinity of a row reach that row only', async () => {
    const [m, n, k] = [9, 8, 8];
    const { a, b } = inputs(m, n, k);
    a[3 * k + 2] = Number.NaN;
    a[5 * k] = Number.POSITIVE_INFINITY;
    const actual = await result((scope) => {
      const out = scope.unwritten('out', [m, n]);
      matmulNT(gpu, { a: scope.upload('a', [m, k], a), b: scope.upload('b', [n, k], b), out, form });
      return out;
    });
    const bad = [...new Array(m).keys()].filter((row) => !actual.slice(row * n, row * n + n).every(Number.isFinite));
    expect(bad).toEqual([3, 5]);
  });
});

it('names a shape that does not fit', () =>
  withTensors(gpu, async (scope) => {
    const [a, b, out] = [scope.unwritten('a', [2, 3]), scope.unwritten('b', [4, 5]), scope.unwritten('out', [2, 4])];
    expect(() => matmulNT(gpu, { a, b, out })).toThrow('tensor b has shape [4,5], expected [4,3]');
    expect(() => matmulNN(gpu, { a, b, out })).toThrow('tensor b has shape [4,5], expected [3,5]');
    expect(() => matmulTN(gpu, { a, b: a, out })).toThrow('tensor out has shape [2,4], expected [3,3]');
  }));

describe('columnSum', () => {
  it.each([
    [1, 1],
    [15, 3],
    [16, 16],
    [17, 17],
    [257, 64],
    [1999, 31],
  ])('of [%i,%i]', async (t, n) => {
    const { a, b } = inputs(t, n, n);
    const x = a.slice(0, t * n);
    const before = b.slice(0, n);
    const run = (accumulate: boolean) =>
      result((scope) => {
        const out = accumulate ? scope.upload('out', [n], before) : scope.unwritten('out', [n]);
        columnSum(gpu, { x: scope.upload('x', [t, n], x), out, accumulate });
        return out;
      });
    const expected = reference.columnSum(x, t, n);
    expectClose(await run(false), expected, tolerances.columnSum);
    expectClose(
      await run(true),
      expected.map((value, index) => value + before[index]!),
      tolerances.columnSum,
    );
  });
});
