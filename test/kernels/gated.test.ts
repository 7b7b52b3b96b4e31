import { describe, it } from 'vitest';
import { gatedBackward, gatedForward } from '../../src/kernels/gated.ts';
import { expectClose, random, testGpu, withTensors } from '../device.ts';
import { gelu, geluDerivative, silu, siluDerivative } from '../reference/elementwise.ts';
import { tolerances } from '../tolerances.ts';

const activations = [
  { name: 'silu', value: silu, slope: siluDerivative },
  { name: 'gelu', value: gelu, slope: geluDerivative },
] as const;

async function run(activation: 'silu' | 'gelu', gate: Float32Array, up: Float32Array, dOut: Float32Array) {
  const gpu = await testGpu();
  const shape = [gate.length];
  return withTensors(gpu, async (scope) => {
    const inputs = { activation, gate: scope.upload('gate', shape, gate), up: scope.upload('up', shape, up) };
    const out = scope.unwritten('out', shape);
    gatedForward(gpu, { ...inputs, out });
    const [dGate, dUp] = [scope.unwritten('dGate', shape), scope.unwritten('dUp', shape)];
    gatedBackward(gpu, { ...inputs, dOut: scope.upload('dOut', shape, dOut), dGate, dUp });
    return { out: await gpu.read(out), dGate: await gpu.read(dGate), dUp: await gpu.read(dUp) };
  });
}

describe.each(activations)('gated $name', ({ name, value, slope }) => {
  it.each([1, 3, 63, 255, 256, 257, 1021, 65_537])('of %i elements', async (count) => {
    const source = random(count);
    const [gate, up, dOut] = [source.floats(count, 3), source.floats(count), source.floats(count)];
    const actual = await run(name, gate, up, dOut);
    const expected = (of: (i: number) => number) => Float64Array.from({ length: count }, (_, i) => of(i));
    expectClose(
      actual.out,
      expected((i) => value(gate[i]!) * up[i]!),
      tolerances.gated,
      'out',
    );
    expectClose(
      actual.dGate,
      expected((i) => dOut[i]! * up[i]! * slope(gate[i]!)),
      tolerances.gatedGradient,
      'dGate',
    );
    expectClose(
      actual.dUp,
      expected((i) => dOut[i]! * value(gate[i]!)),
      tolerances.gated,
      'dUp',
    );
  });

  it('holds in the far tails and passes NaN on', async () => {
    const gate = new Float32Array([0, -0, 1e-20, 90, -90, 1e4, -1e4, 1e30, -1e30, Number.NaN]);
    const ones = new Float32Array(gate.length).fill(1);
    const { out, dGate } = await run(name, gate, ones, ones);
    // Beyond 60 both are the identity or zero. Magnitudes: the sign of a zero is nobody's business.
    const far = (x: number): number => (Math.abs(x) > 60 ? Math.max(x, 0) : Math.abs(value(x)));
    expectClose(out.map(Math.abs), Float64Array.from(gate, far), tolerances.gated);
    const flat = (x: number): number => (Math.abs(x) > 60 ? Number(x > 0) : slope(x));
    expectClose(
      dGate.map((x) => x + 0),
      Float64Array.from(gate, flat),
      tolerances.gatedGradient,
    );
  });
});
