/** Dropout against the reference generator, which is proven by known vectors. */
import { describe, expect, it } from 'vitest';
import { dropout, streamOf } from '../../src/kernels/elementwise.ts';
import { expectClose, random, testGpu, withTensors } from '../device.ts';
import { dropoutFactor, type Pair, threefry2x32 } from '../reference/dropout.ts';
import { tolerances } from '../tolerances.ts';

const gpu = await testGpu();

interface Case {
  x: Float32Array;
  samples: Uint32Array;
  positions: Uint32Array;
  rate: number;
  seed?: number;
  step?: number;
  site?: number;
}

const run = ({ x, samples, positions, rate, seed = 42, step = 7, site = 3 }: Case): Promise<Float32Array> =>
  withTensors(gpu, async (scope) => {
    const [tokens, channels] = [samples.length, x.length / samples.length];
    const out = scope.unwritten('out', [tokens, channels]);
    dropout(gpu, {
      x: scope.upload('x', [tokens, channels], x),
      out,
      tokenSample: scope.upload('samples', [tokens], samples),
      tokenPosition: scope.upload('positions', [tokens], positions),
      ...{ rate, seed, step, site },
    });
    return gpu.read(out);
  });

const makeCase = (tokens: number, channels: number, rate: number): Case => {
  const source = random(tokens * 31 + channels);
  return {
    x: source.floats(tokens * channels),
    samples: source.integers(tokens, 2 ** 32),
    positions: source.integers(tokens, 65_536),
    rate,
  };
};

describe('Threefry-2x32-20', () => {
  // Known-answer vectors of Random123 (kat_vectors), the authors' library.
  const vectors: readonly (readonly [counter: Pair, key: Pair, expected: Pair])[] = [
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x243f6a88, 0x85a308d3],
      [0x13198a2e, 0x03707344],
      [0xc4923a9c, 0x483df7a0],
    ],
  ];
  it.each(vectors)('of counter %j under key %j', (counter, key, expected) => {
    expect(threefry2x32(key, counter)).toEqual(expected);
  });
});

describe('dropout', () => {
  it.each([
    [1, 1, 0.5],
    [3, 7, 0.1],
    [13, 64, 0.1],
    [31, 65, 0.3],
    [64, 63, 0.9],
    [129, 4, 0],
    [257, 12, 0.25],
  ])('of [%i,%i] at rate %f', async (tokens, channels, rate) => {
    const input = makeCase(tokens, channels, rate);
    const key: Pair = [42, streamOf({ step: 7, site: 3 })];
    const expected = Float64Array.from(input.x, (value, index) => {
      const token = Math.floor(index / channels);
      const place = { sample: input.samples[token]!, position: input.positions[token]!, channel: index % channels };
      return value * dropoutFactor(rate, key, place);
    });
    expectClose(await run(input), expected, tolerances.elementwise);
  });

  it('drops the share it is told', async () => {
    const input = { ...makeCase(500, 64, 0.1), x: new Float32Array(500 * 64).fill(1) };
    const dropped = (await run(input)).filter((value) => value === 0).length / input.x.length;
    // Five standard deviations of 32,000 draws.
    expect(Math.abs(dropped - 0.1)).toBeLessThan(5 * Math.sqrt((0.1 * 0.9) / 32_000));
  });

  it('repeats with the same key and differs with any other', async () => {
    const input = makeCase(20, 32, 0.5);
    const first = await run(input);
    expect(await run(input)).toEqual(first);
    for (const other of [{ seed: 43 }, { step: 8 }, { site: 4 }])
      expect(await run({ ...input, ...other })).not.toEqual(first);
  });

  it('does not depend on where a token stands in the batch', async () => {
    const input = makeCase(9, 16, 0.5);
    const whole = await run(input);
    const part = await run({
      ...input,
      x: input.x.slice(5 * 16),
      samples: input.samples.slice(5),
      positions: input.positions.slice(5),
    });
    expect(part).toEqual(whole.slice(5 * 16));
  });

  it('refuses a rate of 1', async () => {
    await expect(run(makeCase(2, 4, 1))).rejects.toThrow('rate is 1, expected at least 0 and below 1');
  });
});
