/** add, scale and GELU against float64. */
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/device/types.ts';
import { add, geluBackward, geluForward, scale } from '../../src/kernels/elementwise.ts';
import { expectClose, random, testGpu, withTensors } from '../device.ts';
import { erf, gelu, geluDerivative } from '../reference/elementwise.ts';
import { tolerances } from '../tolerances.ts';

const gpu = await testGpu();
const counts = [1, 3, 63, 255, 256, 257, 1021, 65_537];

/** Uploads the inputs, runs, reads the output. */
const apply = (inputs: readonly Float32Array[], run: (tensors: readonly Tensor[], out: Tensor) => void) =>
  withTensors(gpu, async (scope) => {
    const shape = [inputs[0]!.length];
    const out = scope.unwritten('out', shape);
    run(
      inputs.map((data, index) => scope.upload(`input ${index}`, shape, data)),
      out,
    );
    return gpu.read(out);
  });

describe('add and scale', () => {
  it.each(counts)('of %i elements', async (count) => {
    const source = random(count);
    const [x, y] = [source.floats(count), source.floats(count)];
    const sum = await apply([x, y], ([a, b], out) => add(gpu, { a: a!, b: b!, out }));
    expectClose(
      sum,
      x.map((value, index) => value + y[index]!),
      tolerances.exact,
    );
    const scaled = await apply([x], ([a], out) => scale(gpu, { x: a!, out, factor: -1.7 }));
    expectClose(
      scaled,
      Float64Array.from(x, (value) => value * -1.7),
      tolerances.elementwise,
    );
  });

  it('refuses unequal shapes', () =>
    withTensors(gpu, async (scope) => {
      const [a, b] = [scope.unwritten('a', [3]), scope.unwritten('b', [4])];
      expect(() => add(gpu, { a, b, out: b })).toThrow('tensor b has shape [4], a has [3]');
    }));
});

describe('GELU', () => {
  it('has a reference that knows erf', () => {
    // Abramowitz and Stegun, table 7.1; erfc(4) from table 7.3's continuation by mpmath.
    expect(erf(0.5)).toBeCloseTo(0.5204998778130465, 14);
    expect(erf(1)).toBeCloseTo(0.8427007929497149, 14);
    expect(erf(-2)).toBeCloseTo(-0.9953222650189527, 14);
    expect(1 - erf(4)).toBeCloseTo(1.541725790028002e-8, 15);
  });

  it.each(counts)('of %i elements', async (count) => {
    const source = random(count);
    const [x, dOut] = [source.floats(count, 2), source.floats(count)];
    const forward = await apply([x], ([input], out) => geluForward(gpu, { x: input!, out }));
    expectClose(forward, Float64Array.from(x, gelu), tolerances.gelu);
    const backward = await apply([x, dOut], ([input, d], dX) => geluBackward(gpu, { x: input!, dOut: d!, dX }));
    expectClose(
      backward,
      Float64Array.from(x, (value, index) => geluDerivative(value) * dOut[index]!),
      tolerances.geluGradient,
    );
  });

  it('holds over the whole range, the far tails included', async () => {
    const x = Float32Array.from({ length: 40_001 }, (_, index) => (index - 20_000) / 1000);
    const special = new Float32Array([0, -0, 1e-20, -1e-20, 1e4, -1e4, 1e30, -1e30]);
    for (const values of [x, special]) {
      const forward = await apply([values], ([input], out) => geluForward(gpu, { x: input!, out }));
      const expected = Float64Array.from(values, (value) => (Math.abs(value) > 40 ? Math.max(value, 0) : gelu(value)));
      expectClose(forward.map(Math.abs), expected.map(Math.abs), tolerances.gelu);
      const ones = new Float32Array(values.length).fill(1);
      const backward = await apply([values, ones], ([input, d], dX) => geluBackward(gpu, { x: input!, dOut: d!, dX }));
      const slopes = Float64Array.from(values, (value) =>
        Math.abs(value) > 40 ? Number(value > 0) : geluDerivative(value),
      );
      expectClose(backward, slopes, tolerances.geluGradient);
    }
  });

  it('passes NaN on', async () => {
    const x = new Float32Array([1, Number.NaN, 2]);
    const forward = await apply([x], ([input], out) => geluForward(gpu, { x: input!, out }));
    expect([...forward].map(Number.isNaN)).toEqual([false, true, false]);
    const backward = await apply([x, x], ([input, d], dX) => geluBackward(gpu, { x: input!, dOut: d!, dX }));
    expect([...backward].map(Number.isNaN)).toEqual([false, true, false]);
  });
});
