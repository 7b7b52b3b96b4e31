import { describe, expect, it } from 'vitest';
import { tanhBackward, tanhForward } from '../../src/kernels/tanh.ts';
import { expectClose, random, testGpu, withTensors } from '../device.ts';
import { tolerances } from '../tolerances.ts';

async function run(x: Float32Array, dOut: Float32Array) {
  const gpu = await testGpu();
  return withTensors(gpu, async (scope) => {
    const [y, dX] = [scope.unwritten('y', [x.length]), scope.unwritten('dX', [x.length])];
    tanhForward(gpu, { x: scope.upload('x', [x.length], x), out: y });
    tanhBackward(gpu, { y, dOut: scope.upload('dOut', [x.length], dOut), dX });
    return { y: await gpu.read(y), dX: await gpu.read(dX) };
  });
}

describe('tanh', () => {
  it.each([1, 255, 257, 1031])('and its gradient equal the float64 reference: %i values', async (count) => {
    const [x, dOut] = [random(count).floats(count, 2), random(count + 1).floats(count)];
    const { y, dX } = await run(x, dOut);
    expectClose(y, Float64Array.from(x, Math.tanh), tolerances.tanh, 'y');
    const gradient = Float64Array.from(x, (value, i) => dOut[i]! / Math.cosh(value) ** 2);
    expectClose(dX, gradient, tolerances.tanhGradient, 'dX');
  });

  it('is exact near zero, at the seam and far out, where WGSL may overflow', async () => {
    const x = Float32Array.of(0, 1e-30, -1e-6, 1e-3, 0.62499, 0.625, -0.62501, 9, -20, 100, -3e38, Infinity, -Infinity);
    const { y } = await run(x, new Float32Array(x.length));
    expectClose(y, Float64Array.from(x, Math.tanh), { absolute: 0, relative: 4e-7 }, 'y');
    expect([y[9], y[10], y[11], y[12]]).toEqual([1, -1, 1, -1]);
  });

  it('does not lose NaN', async () => {
    expect((await run(Float32Array.of(NaN, 1), new Float32Array(2))).y[0]).toBeNaN();
  });
});
