import { describe, expect, it } from 'vitest';
import type { KernelForm } from '../../src/device/types.ts';
import { attentionForward } from '../../src/kernels/attention.ts';
import { expectClose, expectGradient, testForms, testGpu } from '../device.ts';
import * as reference from '../reference/attention.ts';
import { differentiate } from '../reference/differences.ts';
import { tolerances } from '../tolerances.ts';
import { type AttentionCase, attentionCase, cumulate, runAttention, shapeOf, subset } from './attention-case.ts';

const many = Array.from({ length: 60 }, (_, i) => 1 + ((i * 11) % 37));

/**
 * One shape of every head size with kernels, some without, and every awkward length: one token, primes, tiles +-1, many
 * short and one long.
 */
const shapes: readonly [string, readonly number[], number, number][] = [
  ['one token', [1], 1, 8],
  ['primes', [2, 3, 5, 7, 11, 13, 31], 3, 8],
  ['tiles +-1', [15, 16, 17, 31, 32, 33, 63, 64, 65], 4, 16],
  ['many short and one long', [...many, 301], 3, 16],
  ['one long text', [1031], 1, 8],
  ['twelve heads', [5, 1, 33], 12, 32],
  ['one head of 64', [9, 16, 67], 1, 64],
  ['heads of 128', [4, 37, 8], 2, 128],
  ['heads of one channel', [3, 9], 2, 1],
  ['heads of 5', [6, 1, 40], 3, 5],
  ['heads of 26', [1, 33, 7], 2, 26],
];

const norm = (values: ArrayLike<number>): number => Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0));

async function compare(given: AttentionCase, form: KernelForm): Promise<void> {
  const { q, k, v, dOut } = given;
  const actual = await runAttention(given, form);
  const shape = shapeOf(given);
  const forward = reference.attentionForward(q, k, v, shape);
  expectClose(actual.logSumExp, forward.logSumExp, tolerances.attentionLogSumExp, 'logSumExp');
  expectClose(actual.out, forward.out, tolerances.attention, 'out');
  const backward = reference.attentionBackward(q, k, v, dOut, shape);
  const all = Math.hypot(norm(backward.dQ), norm(backward.dK), norm(backward.dV));
  for (const name of ['dQ', 'dK', 'dV'] as const) {
    expectGradient(actual[name], backward[name], name, all);
    expectClose(actual[name], backward[name], tolerances.attentionGradient, name);
  }
}

describe.each(testForms)('attention, %s', (form) => {
  it.each(shapes)('equals the float64 reference: %s', async (_name, lengths, heads, size) => {
    await compare(attentionCase(lengths, heads, size), form);
  });

  it('takes a scale of its own', async () => {
    await compare({ ...attentionCase([7, 20], 2, 16), scale: 0.5 }, form);
  });

  it('gives a text the same bits alone and in a batch, whatever its neighbours hold', async () => {
    const whole = attentionCase([3, 29, 8, 70, 5, 1], 2, 16);
    const width = 32;
    const cumulative = cumulate(whole.lengths);
    for (const values of [whole.q, whole.k, whole.v, whole.dOut]) {
      values.fill(Number.NaN, cumulative[2]! * width, cumulative[3]! * width);
    }
    const together = await runAttention(whole, form);
    for (const text of [0, 1, 3, 4, 5]) {
      const alone = await runAttention(subset(whole, text, text + 1), form);
      for (const name of ['out', 'dQ', 'dK', 'dV'] as const) {
        expect(alone[name].every(Number.isFinite)).toBe(true);
        expect(alone[name]).toEqual(together[name].slice(cumulative[text]! * width, cumulative[text + 1]! * width));
      }
    }
    expect(together.out.slice(cumulative[2]! * width, cumulative[3]! * width).every(Number.isNaN)).toBe(true);
  });

  it('stands scores of -100 beside +1, in whatever order they come', async () => {
    for (const first of [-100, 1]) {
      // One channel carries the score: q = 1, k = the score, scale 1. The others stay random, or dQ would be zero.
      const given = { ...attentionCase([40], 1, 8), scale: 1 };
      for (let t = 0; t < 40; t++) {
        given.q[t * 8] = 1;
        given.k[t * 8] = t % 20 === 0 ? first : -99 - first;
      }
      await compare(given, form);
    }
  });

  it('stays finite where scores reach the largest f32', async () => {
    const given = { ...attentionCase([21], 1, 8), scale: 1 };
    given.q.fill(0);
    given.k.fill(0);
    for (let t = 0; t < 21; t++) {
      given.q[t * 8] = 1;
      given.k[t * 8] = (t - 10) * 3e37;
    }
    const { out, logSumExp } = await runAttention(given, form);
    // The last key takes all the weight.
    expect(out).toEqual(Float32Array.from(out, (_, i) => given.v[20 * 8 + (i % 8)]!));
    expect([...logSumExp].every((value) => value === Math.fround(3e38))).toBe(true);
  });

  it('repeats its bits', async () => {
    const given = attentionCase([130, 2], 3, 16);
    expect(await runAttention(given, form)).toEqual(await runAttention(given, form));
  });
});

describe('attention', () => {
  it('refuses a head size without a kernel, and a rate of dropout that leaves nothing, by name', async () => {
    const gpu = await testGpu();
    const tensor = gpu.allocate('x', [2, 132]);
    const batch = { cumulative: gpu.allocate('c', [2], 'u32'), sampleOfToken: gpu.allocate('s', [2], 'u32') };
    const call = { q: tensor, k: tensor, v: tensor, batch, out: tensor, logSumExp: tensor };
    expect(() => attentionForward(gpu, { ...call, heads: 1 })).toThrow(/head size of 132/);
    expect(() => attentionForward(gpu, { ...call, heads: 5 })).toThrow(/head size of 26.4/);
    const dropout = { rate: 1, seed: 1, step: 1, site: 1 };
    expect(() => attentionForward(gpu, { ...call, heads: 3, dropout })).toThrow(/rate of 1 drops everything/);
    expect(await gpu.read(tensor)).toEqual(new Float32Array(2 * 132));
    gpu.free(tensor);
    gpu.free(batch.cumulative);
    gpu.free(batch.sampleOfToken);
  });

  it('has a reference whose gradients are its differences', () => {
    const given = { ...attentionCase([1, 4, 3], 2, 8), dropout: { rate: 0.3, seed: 5, step: 2, site: 1 } };
    const shape = shapeOf(given);
    const loss = (...[q, k, v]: Float64Array[]) =>
      reference.attentionForward(q!, k!, v!, shape).out.reduce((sum, value, i) => sum + value * given.dOut[i]!, 0);
    const expected = differentiate(loss, [given.q, given.k, given.v]);
    const { dQ, dK, dV } = reference.attentionBackward(given.q, given.k, given.v, given.dOut, shape);
    [dQ, dK, dV].forEach((g, i) => {
      expectClose(g, expected[i]!, tolerances.differences);
    });
  });
});
