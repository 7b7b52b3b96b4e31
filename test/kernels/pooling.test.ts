import { describe, expect, it } from 'vitest';
import {
  type PoolMode,
  poolBackward,
  poolForward,
  poolMaxBackward,
  poolMaxForward,
} from '../../src/kernels/pooling.ts';
import { expectClose, expectGradient, random, testGpu, withTensors } from '../device.ts';
import { differentiate } from '../reference/differences.ts';
import * as reference from '../reference/pooling.ts';
import { tolerances } from '../tolerances.ts';

const modes = ['cls', 'mean', 'mean_sqrt_len', 'weightedmean', 'lasttoken'] as const;

interface Texts {
  cumulative: Uint32Array;
  poolStart: Uint32Array;
}

/** Texts of the given lengths; every second one has a prompt that is not pooled, which may leave one token only. */
function textsOf(lengths: readonly number[], seed: number): Texts {
  const source = random(seed);
  const cumulative = new Uint32Array(lengths.length + 1);
  lengths.forEach((length, b) => {
    cumulative[b + 1] = cumulative[b]! + length;
  });
  return { cumulative, poolStart: Uint32Array.from(lengths, (n, b) => (b % 2 === 0 ? 0 : source.integer(n))) };
}

async function pool(x: Float32Array, texts: Texts, mode: PoolMode, C: number, dOut: Float32Array) {
  const gpu = await testGpu();
  const B = texts.poolStart.length;
  const T = texts.cumulative[B]!;
  const textOfToken = new Uint32Array(T);
  for (let b = 0; b < B; b++) textOfToken.fill(b, texts.cumulative[b], texts.cumulative[b + 1]);
  return withTensors(gpu, async (scope) => {
    const batch = {
      textOfToken: scope.upload('textOfToken', [T], textOfToken),
      cumulative: scope.upload('cumulative', [B + 1], texts.cumulative),
      poolStart: scope.upload('poolStart', [B], texts.poolStart),
    };
    const [out, dX] = [scope.unwritten('out', [B, C]), scope.unwritten('dX', [T, C])];
    poolForward(gpu, { x: scope.upload('x', [T, C], x), batch, mode, out });
    poolBackward(gpu, { dOut: scope.upload('dOut', [B, C], dOut), batch, mode, dX });
    return { out: await gpu.read(out), dX: await gpu.read(dX) };
  });
}

const many = Array.from({ length: 97 }, (_, i) => 1 + ((i * 7) % 23));

describe.each(modes)('pooling by %s', (mode) => {
  it.each([
    ['one token', [1], 1],
    ['primes', [2, 3, 5, 7, 11, 13], 17],
    ['around the tile', [15, 16, 17, 63, 64, 65], 64],
    ['odd width', [4, 9, 1], 67],
    ['many short and one long', [...many, 1031], 24],
    ['narrow', [5, 1, 9], 4],
    ['wide', [3, 8, 2], 384],
  ] as const)('equals the float64 reference: %s', async (_name, lengths, C) => {
    const texts = textsOf(lengths, C);
    const B = lengths.length;
    const source = random(C + B);
    const [x, dOut] = [source.floats(texts.cumulative[B]! * C), source.floats(B * C)];
    const actual = await pool(x, texts, mode, C, dOut);
    const { cumulative, poolStart } = texts;
    expectClose(actual.out, reference.poolForward(x, cumulative, poolStart, mode, C), tolerances.pooling, 'out');
    const dX = reference.poolBackward(dOut, cumulative, poolStart, mode, C);
    expectGradient(actual.dX, dX, 'dX');
    expectClose(actual.dX, dX, tolerances.elementwise, 'dX');
  });

  it('gives a text the same bits alone and in a batch, whatever its neighbours hold', async () => {
    const lengths = [3, 29, 8, 64, 5];
    const texts = textsOf(lengths, 6);
    const C = 20;
    const x = random(5).floats(texts.cumulative[5]! * C);
    const dOut = random(6).floats(5 * C);
    // The neighbours' values must not even be multiplied by zero.
    x.fill(Number.NaN, texts.cumulative[2]! * C, texts.cumulative[3]! * C);
    const together = await pool(x, texts, mode, C, dOut);
    for (const b of [0, 1, 3, 4]) {
      const [from, to] = [texts.cumulative[b]! * C, texts.cumulative[b + 1]! * C];
      const single = { cumulative: Uint32Array.of(0, lengths[b]!), poolStart: texts.poolStart.slice(b, b + 1) };
      const alone = await pool(x.slice(from, to), single, mode, C, dOut.slice(b * C, (b + 1) * C));
      expect(alone.out).toEqual(together.out.slice(b * C, (b + 1) * C));
      expect(alone.dX).toEqual(together.dX.slice(from, to));
    }
  });

  it('never reads a token of the prompt', async () => {
    const x = random(5).floats(10 * 4);
    x.fill(Number.POSITIVE_INFINITY, 0, 6 * 4);
    const texts = { cumulative: Uint32Array.of(0, 10), poolStart: Uint32Array.of(6) };
    const { out, dX } = await pool(x, texts, mode, 4, random(6).floats(4));
    expect([...out].every(Number.isFinite)).toBe(true);
    expect([...dX.slice(0, 24)]).toEqual(new Array(24).fill(0));
  });

  it('has a reference whose gradient is its difference', () => {
    const { cumulative, poolStart } = { cumulative: [0, 3, 8], poolStart: [0, 2] };
    const [x, dOut] = [random(1).floats(16), random(2).floats(4)];
    const loss = (a: Float64Array) =>
      reference.poolForward(a, cumulative, poolStart, mode, 2).reduce((sum, value, i) => sum + value * dOut[i]!, 0);
    const gradient = reference.poolBackward(dOut, cumulative, poolStart, mode, 2);
    expectClose(gradient, differentiate(loss, [x])[0]!, tolerances.differences);
  });
});

describe('pooling', () => {
  it('numbers the tokens of weightedmean from the text, prompt included', async () => {
    const texts = { cumulative: Uint32Array.of(0, 4), poolStart: Uint32Array.of(2) };
    const { out } = await pool(Float32Array.of(100, 100, 7, 14), texts, 'weightedmean', 1, Float32Array.of(1));
    expect(out[0]).toBe((3 * 7 + 4 * 14) / 7);
  });
});

describe('pooling by max', () => {
  /** The result and its gradient in columns 2 to 2 + C of wider rows, with the winners. */
  async function poolMax(x: Float32Array, { cumulative, poolStart }: Texts, C: number, dOut: Float32Array) {
    const gpu = await testGpu();
    const [B, T, D] = [poolStart.length, x.length / C, C + 3];
    const textOfToken = Uint32Array.from({ length: T }, (_, t) => cumulative.findIndex((end) => t < end) - 1);
    return withTensors(gpu, async (scope) => {
      const batch = {
        textOfToken: scope.upload('textOfToken', [T], textOfToken),
        cumulative: scope.upload('cumulative', [B + 1], cumulative),
        poolStart: scope.upload('poolStart', [B], poolStart),
      };
      const winner = scope.upload('winner', [B, C], new Uint32Array(B * C));
      const [out, dX] = [scope.unwritten('out', [B, D]), scope.unwritten('dX', [T, C])];
      poolMaxForward(gpu, { x: scope.upload('x', [T, C], x), batch, winner, out, column: 2 });
      poolMaxBackward(gpu, { dOut: scope.upload('dOut', [B, D], dOut), batch, winner, dX, column: 2 });
      return { out: await gpu.read(out), dX: await gpu.read(dX), winner: await gpu.readU32(winner) };
    });
  }

  it.each([
    ['one token', [1], 1],
    ['primes', [2, 3, 5, 7, 11, 13], 17],
    ['wide', [4, 9, 1, 30], 67],
  ] as const)('takes the largest and sends its gradient back there: %s', async (_name, lengths, C) => {
    const texts = textsOf(lengths, C);
    const [B, T, D] = [lengths.length, texts.cumulative[lengths.length]!, C + 3];
    const [x, dOut] = [random(C).floats(T * C), random(C + 1).floats(B * D)];
    // Equal values: the first one wins.
    x.forEach((value, i) => {
      x[i] = Math.round(value * 2) / 2;
    });
    const { out, dX, winner } = await poolMax(x, texts, C, dOut);
    const expected = reference.maxTokens(x, texts.cumulative, texts.poolStart, C);
    expect(winner).toEqual(expected);
    const gradient = new Float32Array(T * C);
    expected.forEach((token, i) => {
      const [b, c] = [Math.floor(i / C), i % C];
      expect(out[b * D + 2 + c]).toBe(x[token * C + c]);
      gradient[token * C + c] = dOut[b * D + 2 + c]!;
    });
    expect(dX).toEqual(gradient);
    for (let b = 0; b < B; b++) expect([out[b * D], out[b * D + 1], out[b * D + D - 1]]).toEqual([NaN, NaN, NaN]);
  });

  it('never reads a prompt, keeps negative and infinite values, and does not lose NaN', async () => {
    const texts = { cumulative: Uint32Array.of(0, 4), poolStart: Uint32Array.of(1) };
    const inf = Number.POSITIVE_INFINITY;
    const x = Float32Array.of(inf, NaN, 9, 9, -5, -inf, 1, 1, -4, -inf, NaN, 2, -6, -inf, 3, inf);
    const { out } = await poolMax(x, texts, 4, new Float32Array(7));
    expect([...out.subarray(2, 6)]).toEqual([-4, -inf, NaN, inf]);
  });
});

describe('pooling into columns', () => {
  // The columns behind its own are multiples of 4 apart in the second case only.
  it.each([
    [3, 8],
    [4, 12],
    [4, 9],
  ])('writes and reads its own columns only: %i of %i', async (C, D) => {
    const gpu = await testGpu();
    const [x, dOut] = [random(1).floats(5 * C), random(2).floats(2 * D)];
    await withTensors(gpu, async (scope) => {
      const batch = {
        textOfToken: scope.upload('textOfToken', [5], Uint32Array.of(0, 0, 0, 1, 1)),
        cumulative: scope.upload('cumulative', [3], Uint32Array.of(0, 3, 5)),
        poolStart: scope.upload('poolStart', [2], Uint32Array.of(0, 1)),
      };
      const [out, dX] = [scope.unwritten('out', [2, D]), scope.unwritten('dX', [5, C])];
      poolForward(gpu, { x: scope.upload('x', [5, C], x), batch, mode: 'mean', out, column: 4 });
      poolBackward(gpu, { dOut: scope.upload('dOut', [2, D], dOut), batch, mode: 'mean', dX, column: 4 });
      const mean = reference.poolForward(x, [0, 3, 5], [0, 1], 'mean', C);
      const rows = await gpu.read(out);
      for (const b of [0, 1]) {
        const row = rows.subarray(b * D, (b + 1) * D);
        expectClose(row.subarray(4, 4 + C), mean.subarray(b * C, b * C + C), tolerances.pooling);
        expect([...row.subarray(0, 4), ...row.subarray(4 + C)].every(Number.isNaN)).toBe(true);
      }
      const own = [...dOut.subarray(4, 4 + C), ...dOut.subarray(D + 4, D + 4 + C)];
      const gradient = reference.poolBackward(own, [0, 3, 5], [0, 1], 'mean', C);
      expectClose(await gpu.read(dX), gradient, tolerances.elementwise);
    });
  });
});
