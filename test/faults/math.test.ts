/**
 * The functions that WebAssembly has no instruction for, on every number of 32 bits, against float64. Takes 40 minutes;
 * test/wgsl/math.test.ts has every exponent.
 */
import { expect, it } from 'vitest';
import { simdKind } from '../../src/device/wasm/simd.ts';
import { mapped } from '../wgsl/run.ts';
import { worst } from '../wgsl/units.ts';

const chunk = 2 ** 20;
const simd = simdKind();

/** Every number whose bits are from `first` to `last`, so many at once. */
function* numbers(first: number, last: number): Generator<Float32Array> {
  const bits = new Uint32Array(chunk);
  for (let start = first; start <= last; start += chunk) {
    for (let i = 0; i < chunk; i++) bits[i] = start + i;
    yield new Float32Array(bits.buffer);
  }
}

function worstOf(name: string, exact: (x: number) => number, ranges: readonly (readonly [number, number])[]) {
  const out = new Float32Array(chunk);
  let most: readonly [units: number, at: number] = [0, Number.NaN];
  for (const [first, last] of ranges) {
    for (const values of numbers(first, last)) {
      mapped(`${name}(x[i])`, values, { out, element: 'vec4f', relaxed: simd === 'relaxed' });
      const found = worst(values, out, exact);
      if (!(found[0] <= most[0])) most = found;
    }
  }
  return most;
}

const positive = [0, 0x7fffffff] as const;
const negative = [0x80000000, 0xffffffff] as const;

it.each([
  ['exp', Math.exp, [positive, negative]],
  ['log', Math.log, [positive]],
  ['tanh', Math.tanh, [positive, negative]],
  ['sqrt', Math.sqrt, [positive]],
] as const)(`%s is within 4 units in the last place of every number, SIMD ${simd}`, (name, exact, ranges) => {
  const [units, at] = worstOf(name, exact, ranges);
  console.log(`${name}: ${units.toFixed(2)} units at ${at}`);
  expect(units, `at ${at}`).toBeLessThanOrEqual(4);
});

it.each([
  ['sin', Math.sin],
  ['cos', Math.cos],
] as const)('%s is within 1e-6 of every number in [-pi, pi]', (name, exact) => {
  const out = new Float32Array(chunk);
  let most = 0;
  for (const start of [0, 0x80000000]) {
    for (const values of numbers(start, start + 0x40490fdb)) {
      mapped(`${name}(x[i])`, values, { out, element: 'vec4f', relaxed: simd === 'relaxed' });
      for (let i = 0; i < chunk; i++) {
        if (Math.abs(values[i]!) <= Math.PI) most = Math.max(most, Math.abs(out[i]! - exact(values[i]!)));
      }
    }
  }
  console.log(`${name}: ${most}`);
  expect(most).toBeLessThanOrEqual(1e-6);
});
