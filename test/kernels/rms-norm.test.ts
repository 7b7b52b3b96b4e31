import { describe, expect, it } from 'vitest';
import type { KernelForm } from '../../src/device/types.ts';
import { rmsNormBackward, rmsNormForward } from '../../src/kernels/rms-norm.ts';
import { expectClose, expectGradient, random, testForms, testGpu, withTensors } from '../device.ts';
import { differentiate } from '../reference/differences.ts';
import * as reference from '../reference/rms-norm.ts';
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
const epsilon = 1e-6;
const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));

/** Rows of different scale. */
function rowsOf(R: number, W: number, seed: number) {
  const source = random(seed);
  const x = source.floats(R * W);
  for (let r = 0; r < R; r++) {
    const scale = 0.1 + 3 * source.uniform();
    for (let c = 0; c < W; c++) x[r * W + c]! *= scale;
  }
  return { x, gamma: source.floats(W), dOut: source.floats(R * W), first: source.floats(W) };
}

async function run(shape: readonly number[], W: number, inputs: ReturnType<typeof rowsOf>, form: KernelForm) {
  const gpu = await testGpu();
  const { x, gamma, dOut, first } = inputs;
  return withTensors(gpu, async (scope) => {
    const given = { x: scope.upload('x', shape, x), gamma: scope.upload('gamma', [W], gamma) };
    const [out, dX] = [scope.unwritten('out', shape), scope.unwritten('dX', shape)];
    const rstd = scope.unwritten('rstd', [Math.ceil(x.length / W)]);
    rmsNormForward(gpu, { ...given, out, rstd, epsilon, form });
    const dGamma = scope.upload('dGamma', [W], first);
    rmsNormBackward(gpu, { ...given, rstd, dOut: scope.upload('dOut', shape, dOut), dX, dGamma, form });
    return {
      out: await gpu.read(out),
      rstd: await gpu.read(rstd),
      dX: await gpu.read(dX),
      dGamma: await gpu.read(dGamma),
    };
  });
}

describe.each(testForms)('RMSNorm, %s form', (form) => {
  it.each(sizes)('equals the float64 reference at R %i, W %i', async (R, W) => {
    const inputs = rowsOf(R, W, R * 1000 + W);
    const { x, gamma, dOut, first } = inputs;
    const actual = await run([R, W], W, inputs, form);
    const forward = reference.rmsNormForward(x, gamma, R, W, epsilon);
    expectClose(actual.out, forward.out, tolerances.rmsNorm, 'out');
    expectClose(actual.rstd, forward.rstd, tolerances.rmsNorm, 'rstd');
    const backward = reference.rmsNormBackward(x, gamma, dOut, R, W, epsilon);
    const dGamma = backward.dGamma.map((value, c) => value + first[c]!);
    const all = norm([...backward.dX, ...dGamma]);
    expectGradient(actual.dX, backward.dX, 'dX', all);
    expectGradient(actual.dGamma, dGamma, 'dGamma', all);
    expectClose(actual.dGamma, dGamma, tolerances.layerNormParameters, 'dGamma');
    if (W > 1) expectClose(actual.dX, backward.dX, tolerances.layerNormGradient, 'dX');
  });

  it('takes every head of a token as a row', async () => {
    const inputs = rowsOf(35, 16, 4);
    expect(await run([7, 80], 16, inputs, form)).toEqual(await run([35, 16], 16, inputs, form));
    const nine = { ...inputs, gamma: inputs.gamma.slice(0, 9), first: inputs.first.slice(0, 9) };
    await expect(run([7, 80], 9, nine, form)).rejects.toThrow('no rows of 9');
  });

  it.each(widths)('gives a row of %i the same bits alone and among others', async (W) => {
    const all = rowsOf(37, W, 9);
    const together = await run([37, W], W, all, form);
    for (const row of [0, 3, 18, 36]) {
      const slice = (values: Float32Array<ArrayBuffer>) => values.slice(row * W, (row + 1) * W);
      const alone = await run([1, W], W, { ...all, x: slice(all.x), dOut: slice(all.dOut) }, form);
      expect(alone.out).toEqual(slice(together.out));
      expect(alone.dX).toEqual(slice(together.dX));
    }
  });

  it('keeps a NaN in its row', async () => {
    const inputs = rowsOf(6, 32, 3);
    inputs.x[2 * 32 + 5] = Number.NaN;
    const { out } = await run([6, 32], 32, inputs, form);
    const bad = new Set([...out.keys()].filter((i) => Number.isNaN(out[i])).map((i) => Math.floor(i / 32)));
    expect([...bad]).toEqual([2]);
  });
});

describe('RMSNorm', () => {
  it('has a reference whose gradients are its differences', () => {
    const { x, gamma, dOut } = rowsOf(3, 5, 11);
    const loss = (a: Float64Array, b: Float64Array) =>
      reference.rmsNormForward(a, b, 3, 5, 1e-5).out.reduce((sum, value, i) => sum + value * dOut[i]!, 0);
    const expected = differentiate(loss, [x, gamma]);
    const { dX, dGamma } = reference.rmsNormBackward(x, gamma, dOut, 3, 5, 1e-5);
    expectClose(dX, expected[0]!, tolerances.differences);
    expectClose(dGamma, expected[1]!, tolerances.differences);
  });
});
