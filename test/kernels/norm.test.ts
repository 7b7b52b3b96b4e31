import { describe, expect, it } from 'vitest';
import type { KernelForm } from '../../src/device/types.ts';
import {
  l2NormalizeBackward,
  l2NormalizeForward,
  layerNormBackward,
  layerNormForward,
} from '../../src/kernels/norm.ts';
import { expectClose, expectGradient, random, testForms, testGpu, withTensors } from '../device.ts';
import { differentiate } from '../reference/differences.ts';
import * as reference from '../reference/norm.ts';
import { tolerances } from '../tolerances.ts';

const sizes = [
  [1, 1],
  [1, 64],
  [3, 17],
  [33, 64],
  [31, 130],
  [257, 16],
  [2053, 67],
  [5, 769],
  [3, 4],
  [5, 8],
  [2, 12],
  [67, 20],
  [66, 384],
  [3, 1024],
] as const;
/** Widths that are summed four at a time on a CPU, with and without a rest, and one by one. */
const widths = [20, 65, 384];
const epsilon = 1e-12;

/** A layer norm's inputs: rows of different scale and mean, as activations have. */
function rowsOf(T: number, C: number, seed: number) {
  const source = random(seed);
  const x = source.floats(T * C);
  for (let t = 0; t < T; t++) {
    const [scale, mean] = [0.1 + 3 * source.uniform(), source.normal()];
    for (let c = 0; c < C; c++) x[t * C + c] = x[t * C + c]! * scale + mean;
  }
  return { x, gamma: source.floats(C), beta: source.floats(C), dOut: source.floats(T * C), first: source.floats(C) };
}

async function layerNorm(
  T: number,
  C: number,
  { x, gamma, beta, dOut, first }: ReturnType<typeof rowsOf>,
  form: KernelForm,
) {
  const gpu = await testGpu();
  return withTensors(gpu, async (scope) => {
    const inputs = { x: scope.upload('x', [T, C], x), gamma: scope.upload('gamma', [C], gamma) };
    const [mean, rstd] = [scope.unwritten('mean', [T]), scope.unwritten('rstd', [T])];
    const out = scope.unwritten('out', [T, C]);
    layerNormForward(gpu, { ...inputs, beta: scope.upload('beta', [C], beta), out, mean, rstd, epsilon, form });
    const dX = scope.unwritten('dX', [T, C]);
    const [dGamma, dBeta] = [scope.upload('dGamma', [C], first), scope.upload('dBeta', [C], first)];
    layerNormBackward(gpu, {
      ...inputs,
      mean,
      rstd,
      dOut: scope.upload('dOut', [T, C], dOut),
      dX,
      dGamma,
      dBeta,
      form,
    });
    return {
      out: await gpu.read(out),
      mean: await gpu.read(mean),
      rstd: await gpu.read(rstd),
      dX: await gpu.read(dX),
      dGamma: await gpu.read(dGamma),
      dBeta: await gpu.read(dBeta),
    };
  });
}

async function l2Normalize(B: number, C: number, x: Float32Array, dOut: Float32Array, form: KernelForm) {
  const gpu = await testGpu();
  return withTensors(gpu, async (scope) => {
    const [out, norm, dX] = [
      scope.unwritten('out', [B, C]),
      scope.unwritten('norm', [B]),
      scope.unwritten('dX', [B, C]),
    ];
    l2NormalizeForward(gpu, { x: scope.upload('x', [B, C], x), out, norm, form });
    l2NormalizeBackward(gpu, { out, norm, dOut: scope.upload('dOut', [B, C], dOut), dX, form });
    return { out: await gpu.read(out), norm: await gpu.read(norm), dX: await gpu.read(dX) };
  });
}

const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
const plus = (a: ArrayLike<number>, b: ArrayLike<number>) => Float64Array.from(a, (value, i) => value + b[i]!);

describe.each(testForms)('layer norm, %s form', (form) => {
  it.each(sizes)('equals the float64 reference at T %i, C %i', async (T, C) => {
    const inputs = rowsOf(T, C, T * 1000 + C);
    const { x, gamma, beta, dOut, first } = inputs;
    // A single channel has no variance: rstd is 1e6 and amplifies nothing but zeros.
    const actual = await layerNorm(T, C, inputs, form);
    const forward = reference.layerNormForward(x, gamma, beta, T, C, epsilon);
    expectClose(actual.out, forward.out, tolerances.layerNorm, 'out');
    expectClose(actual.mean, forward.mean, tolerances.layerNorm, 'mean');
    expectClose(actual.rstd, forward.rstd, tolerances.layerNorm, 'rstd');
    const backward = reference.layerNormBackward(x, gamma, dOut, T, C, epsilon);
    const all = norm([...backward.dX, ...backward.dGamma, ...backward.dBeta]);
    expectGradient(actual.dX, backward.dX, 'dX', all);
    expectGradient(actual.dGamma, plus(backward.dGamma, first), 'dGamma', all);
    expectGradient(actual.dBeta, plus(backward.dBeta, first), 'dBeta', all);
    expectClose(actual.dBeta, plus(backward.dBeta, first), tolerances.columnSum, 'dBeta');
    expectClose(actual.dGamma, plus(backward.dGamma, first), tolerances.layerNormParameters, 'dGamma');
    if (C > 1) expectClose(actual.dX, backward.dX, tolerances.layerNormGradient, 'dX');
  });

  it('goes without beta', async () => {
    const [T, C] = [33, 65];
    const inputs = rowsOf(T, C, 21);
    const gpu = await testGpu();
    const expected = await layerNorm(T, C, { ...inputs, beta: new Float32Array(C) }, form);
    const actual = await withTensors(gpu, async (scope) => {
      const given = { x: scope.upload('x', [T, C], inputs.x), gamma: scope.upload('gamma', [C], inputs.gamma) };
      const [mean, rstd] = [scope.unwritten('mean', [T]), scope.unwritten('rstd', [T])];
      const [out, dX] = [scope.unwritten('out', [T, C]), scope.unwritten('dX', [T, C])];
      layerNormForward(gpu, { ...given, out, mean, rstd, epsilon, form });
      const dGamma = scope.upload('dGamma', [C], inputs.first);
      layerNormBackward(gpu, {
        ...given,
        mean,
        rstd,
        dOut: scope.upload('dOut', [T, C], inputs.dOut),
        dX,
        dGamma,
        form,
      });
      return { out: await gpu.read(out), dX: await gpu.read(dX), dGamma: await gpu.read(dGamma) };
    });
    expect(actual).toEqual({ out: expected.out, dX: expected.dX, dGamma: expected.dGamma });
  });

  it('keeps its digits when the mean is large', async () => {
    const inputs = rowsOf(3, 64, 5);
    inputs.x = inputs.x.map((value) => value + 1000);
    const { out } = await layerNorm(3, 64, inputs, form);
    const expected = reference.layerNormForward(inputs.x, inputs.gamma, inputs.beta, 3, 64, epsilon);
    expectClose(out, expected.out, tolerances.layerNormFarMean);
  });

  it.each(widths)('gives a row of %i the same bits alone and among others', async (C) => {
    const all = rowsOf(37, C, 9);
    const together = await layerNorm(37, C, all, form);
    for (const row of [0, 3, 18, 36]) {
      const slice = (values: Float32Array<ArrayBuffer>) => values.slice(row * C, (row + 1) * C);
      const alone = await layerNorm(1, C, { ...all, x: slice(all.x), dOut: slice(all.dOut) }, form);
      expect(alone.out).toEqual(slice(together.out));
      expect(alone.dX).toEqual(slice(together.dX));
    }
  });

  it('keeps a NaN in its row', async () => {
    const inputs = rowsOf(6, 32, 3);
    inputs.x[2 * 32 + 5] = Number.NaN;
    const { out } = await layerNorm(6, 32, inputs, form);
    const bad = new Set([...out.keys()].filter((i) => Number.isNaN(out[i])).map((i) => Math.floor(i / 32)));
    expect([...bad]).toEqual([2]);
  });

  it('has a reference whose gradients are its differences', () => {
    const [T, C] = [3, 5];
    const { x, gamma, beta, dOut } = rowsOf(T, C, 11);
    const loss = (a: Float64Array, b: Float64Array, c: Float64Array) =>
      reference.layerNormForward(a, b, c, T, C, 1e-5).out.reduce((sum, value, i) => sum + value * dOut[i]!, 0);
    const expected = differentiate(loss, [x, gamma, beta]);
    const { dX, dGamma, dBeta } = reference.layerNormBackward(x, gamma, dOut, T, C, 1e-5);
    [dX, dGamma, dBeta].forEach((g, i) => {
      expectClose(g, expected[i]!, tolerances.differences);
    });
  });
});

describe.each(testForms)('l2 normalisation, %s form', (form) => {
  it.each(sizes)('equals the float64 reference at B %i, C %i', async (B, C) => {
    const source = random(B * 1000 + C);
    const [x, dOut] = [source.floats(B * C, 3), source.floats(B * C)];
    const actual = await l2Normalize(B, C, x, dOut, form);
    const { out, norm } = reference.l2NormalizeForward(x, B, C);
    expectClose(actual.out, out, tolerances.l2Normalize, 'out');
    expectClose(actual.norm, norm, tolerances.l2Normalize, 'norm');
    // A row of one channel has no direction to turn to: its true gradient is zero, and rounding is all that is left.
    const dX = reference.l2NormalizeBackward(x, dOut, B, C);
    if (C > 1) {
      expectGradient(actual.dX, dX, 'dX');
      expectClose(actual.dX, dX, tolerances.l2NormalizeGradient, 'dX');
    }
  });

  it('leaves a row of zeros at zero and passes its gradient on by 1e12', async () => {
    const x = new Float32Array(2 * 7);
    x.fill(2, 7);
    const dOut = random(2).floats(14);
    const actual = await l2Normalize(2, 7, x, dOut, form);
    expect([...actual.out.slice(0, 7)]).toEqual(new Array(7).fill(0));
    expectClose(actual.dX, reference.l2NormalizeBackward(x, dOut, 2, 7), tolerances.l2NormalizeGradient);
  });

  it('shows a NaN instead of a unit vector', async () => {
    const x = random(4).floats(3 * 9);
    x[9] = Number.NaN;
    const { out, norm } = await l2Normalize(3, 9, x, x, form);
    expect([...out.slice(9, 18)].every(Number.isNaN)).toBe(true);
    expect(norm[1]).toBeNaN();
    expect([...out.slice(0, 9), ...out.slice(18)].every(Number.isFinite)).toBe(true);
  });

  it.each(widths)('gives a row of %i the same bits alone and among others', async (C) => {
    const [x, dOut] = [random(7).floats(11 * C), random(8).floats(11 * C)];
    const together = await l2Normalize(11, C, x, dOut, form);
    const slice = (values: Float32Array<ArrayBuffer>) => values.slice(10 * C);
    const alone = await l2Normalize(1, C, slice(x), slice(dOut), form);
    expect(alone.out).toEqual(slice(together.out));
    expect(alone.dX).toEqual(slice(together.dX));
  });

  it('has a reference whose gradient is its difference', () => {
    const [x, dOut] = [random(1).floats(12), random(2).floats(12)];
    const loss = (a: Float64Array) =>
      reference.l2NormalizeForward(a, 3, 4).out.reduce((sum, value, i) => sum + value * dOut[i]!, 0);
    expectClose(reference.l2NormalizeBackward(x, dOut, 3, 4), differentiate(loss, [x])[0]!, tolerances.differences);
  });
});
