/** The functions that WebAssembly has no instruction for, against float64: every exponent, many mantissas. */
import { describe, expect, it } from 'vitest';
import { random } from '../device.ts';
import { mapped } from './run.ts';
import { worst } from './units.ts';

/** Every exponent of both signs with `each` seeded mantissas, the edges of each among them. */
function everyExponent(each: number): Float32Array {
  const { integer } = random(7);
  const bits = new Uint32Array(2 * 255 * each);
  for (let at = 0; at < bits.length; at++) {
    const index = at % each;
    const mantissa = index === 0 ? 0 : index === 1 ? 0x7fffff : integer(0x800000);
    const exponent = Math.floor(at / each) % 255;
    const sign = at < bits.length / 2 ? 0 : 0x80000000;
    bits[at] = (sign | (exponent << 23) | mantissa) >>> 0;
  }
  return new Float32Array(bits.buffer);
}

const values = everyExponent(10_000);
const positive = values.filter((x) => x >= 0);
const run = (name: string, of: Float32Array, element: string): Float32Array => {
  const out = new Float32Array(of.length);
  mapped(`${name}(x[i])`, of, { out, element });
  return out;
};

describe.each(['f32', 'vec4f'])('on %s', (element) => {
  const whole = (list: Float32Array): Float32Array => list.subarray(0, list.length - (list.length % 4));

  it.each([
    ['exp', whole(values), Math.exp],
    ['log', whole(positive), Math.log],
    ['tanh', whole(values), Math.tanh],
    ['sqrt', whole(positive), Math.sqrt],
  ] as const)('%s is within 4 units in the last place', (name, of, exact) => {
    const [units, at] = worst(of, run(name, of, element), exact);
    expect(units, `at ${at}`).toBeLessThanOrEqual(4);
  });

  it.each([
    ['sin', Math.sin],
    ['cos', Math.cos],
  ] as const)('%s is within 1e-6 on [-pi, pi]', (name, exact) => {
    const { uniform } = random(3);
    const of = Float32Array.from({ length: 40_000 }, () => (uniform() * 2 - 1) * Math.PI);
    const out = run(name, of, element);
    expect(Math.max(...out.map((result, i) => Math.abs(result - exact(of[i]!))))).toBeLessThanOrEqual(1e-6);
  });

  it('gives NaN for NaN, and infinity where it belongs', () => {
    const of = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0);
    expect([...run('exp', of, element)]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 0, 1]);
    expect([...run('tanh', of, element)]).toEqual([Number.NaN, 1, -1, 0]);
    expect([...run('log', Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, -1, 0), element)]).toEqual([
      ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NaN, Number.NEGATIVE_INFINITY],
    ]);
    expect(run('exp', Float32Array.of(-87, -100, -104, 88.7), element)[0]).toBeCloseTo(1.6458115e-38, 44);
  });
});
