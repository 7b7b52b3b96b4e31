import { describe, expect, it } from 'vitest';
import { rotaryTable, rotate } from '../../src/kernels/rotary.ts';
import { expectClose, random, testGpu, withTensors } from '../device.ts';
import * as reference from '../reference/rotary.ts';
import { tolerances } from '../tolerances.ts';

async function run(x: Float32Array<ArrayBuffer>, positions: Uint32Array, size: number, theta: number, back: boolean) {
  const gpu = await testGpu();
  const T = positions.length;
  const P = Math.max(...positions) + 1;
  return withTensors(gpu, async (scope) => {
    const shape = [T, x.length / T];
    const out = scope.unwritten('out', shape);
    rotate(gpu, {
      x: scope.upload('x', shape, x),
      positions: scope.upload('positions', [T], positions),
      table: scope.upload('table', [P, size], rotaryTable(P, size, theta)),
      size,
      out,
      back,
    });
    return gpu.read(out);
  });
}

describe('rotary embedding', () => {
  it.each([
    [1, 1, 8, 10_000],
    [7, 3, 8, 160_000],
    [65, 12, 32, 10_000],
    [31, 2, 64, 1_000_000],
    [129, 5, 16, 10_000],
    [13, 1, 128, 500_000],
    [1, 1, 2, 10_000],
    [17, 3, 26, 10_000],
    [66, 2, 12, 160_000],
  ])('equals the float64 reference, forward and backward: T %i, H %i, D %i, base %i', async (T, heads, size, theta) => {
    const source = random(T * heads);
    const x = source.floats(T * heads * size);
    const positions = Uint32Array.from({ length: T }, (_, t) => (t * 7) % 71);
    for (const back of [false, true]) {
      const expected = reference.rotate(x, positions, { heads, size, theta, back });
      expectClose(await run(x, positions, size, theta, back), expected, tolerances.rotary, `back ${back}`);
    }
  });

  it('turns back what it turned', async () => {
    const x = random(5).floats(9 * 32);
    const positions = Uint32Array.from({ length: 9 }, (_, t) => t * 13);
    const turned = await run(x, positions, 16, 10_000, false);
    expectClose(await run(turned, positions, 16, 10_000, true), x, tolerances.rotary);
  });

  it('leaves the first position as it is, and keeps lengths at far positions', async () => {
    const x = random(6).floats(2 * 16);
    const out = await run(x, Uint32Array.from([0, 8191]), 16, 10_000, false);
    expect(out.slice(0, 16)).toEqual(x.slice(0, 16));
    expect(Math.hypot(...out.slice(16))).toBeCloseTo(Math.hypot(...x.slice(16)), 5);
  });

  it('gives a token the same bits alone and among others', async () => {
    const x = random(8).floats(33 * 24);
    const positions = Uint32Array.from({ length: 33 }, (_, t) => t);
    const together = await run(x, positions, 8, 10_000, false);
    const alone = await run(x.slice(20 * 24, 21 * 24), Uint32Array.from([20]), 8, 10_000, false);
    expect(alone).toEqual(together.slice(20 * 24, 21 * 24));
  });

  it('refuses heads that cannot be halved', async () => {
    await expect(run(new Float32Array(13), Uint32Array.from([0]), 13, 10_000, false)).rejects.toThrow('heads of 13');
  });
});
