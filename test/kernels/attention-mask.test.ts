/** Causal and local attention, and query heads that share keys, against the float64 reference. */
import { describe, expect, it } from 'vitest';
import type { KernelForm } from '../../src/device/types.ts';
import type { AttentionMask } from '../../src/kernels/attention.ts';
import { expectClose, expectGradient, testForms } from '../device.ts';
import * as reference from '../reference/attention.ts';
import { tolerances } from '../tolerances.ts';
import { type AttentionCase, attentionCase, cumulate, runAttention, shapeOf, subset } from './attention-case.ts';

const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));
const lengths = [1, 2, 7, 33, 4, 65, 3];

const masks: readonly [string, AttentionMask][] = [
  ['causal', { after: 0 }],
  ['a window of 5 on each side', { before: 5, after: 5 }],
  ['itself alone', { before: 0, after: 0 }],
  ['a window wider than every text', { before: 64, after: 70 }],
  ['a causal window', { before: 17, after: 0 }],
  ['what follows', { before: 0 }],
];

async function compare(given: AttentionCase, form: KernelForm): Promise<void> {
  const { q, k, v, dOut } = given;
  const actual = await runAttention(given, form);
  const forward = reference.attentionForward(q, k, v, shapeOf(given));
  expectClose(actual.logSumExp, forward.logSumExp, tolerances.attentionLogSumExp, 'logSumExp');
  expectClose(actual.out, forward.out, tolerances.attention, 'out');
  const backward = reference.attentionBackward(q, k, v, dOut, shapeOf(given));
  const all = Math.hypot(norm(backward.dQ), norm(backward.dK), norm(backward.dV));
  for (const name of ['dQ', 'dK', 'dV'] as const) {
    // Where a token sees itself alone the gradients of q and k are zero, and rounding is all there is.
    if (norm(backward[name]) > 1e-9 * all) expectGradient(actual[name], backward[name], name, all);
    expectClose(actual[name], backward[name], tolerances.attentionGradient, name);
  }
}

describe.each(testForms)('masked attention, %s', (form) => {
  it.each(masks)('equals the float64 reference: %s', async (_name, mask) => {
    await compare({ ...attentionCase(lengths, 3, 16), mask }, form);
    await compare({ ...attentionCase([130, 9], 4, 8, 2), mask }, form);
  });

  // Head sizes of every way to share a row among lanes; a compiler of a software adapter takes seconds for the larger.
  it.each(
    form === 'row'
      ? [
          [6, 1, 16],
          [4, 1, 32],
        ]
      : [
          [6, 1, 16],
          [6, 2, 32],
        ],
  )('lets %i heads share %i of keys and values, D %i', async (heads, keyValueHeads, size) => {
    await compare({ ...attentionCase([37, 1, 18, 4], heads!, size!, keyValueHeads), mask: { after: 0 } }, form);
  });

  it('lets heads share keys and values without a mask', async () => {
    await compare(attentionCase([5, 1, 33, 18], 4, 8, 2), form);
  });

  it('replays dropout under a mask and with shared keys', async () => {
    const dropout = { rate: 0.3, seed: 49, step: 7, site: 3 };
    await compare({ ...attentionCase([11, 34], 4, 6, 2), mask: { before: 9, after: 0 }, dropout }, form);
    await compare({ ...attentionCase([1, 19, 70], 4, 8, 2), mask: { before: 9, after: 9 }, dropout }, form);
  });

  it('gives a text the same bits alone and in a batch', async () => {
    const whole = { ...attentionCase([3, 29, 70, 1, 34], 4, 16, 2), mask: { before: 11, after: 11 } };
    const together = await runAttention(whole, form);
    const cumulative = cumulate(whole.lengths);
    for (const text of [0, 1, 2, 3, 4]) {
      const alone = await runAttention(subset(whole, text, text + 1), form);
      for (const [name, width] of [
        ['out', 64],
        ['dQ', 64],
        ['dK', 32],
        ['dV', 32],
      ] as const) {
        expect(alone[name]).toEqual(together[name].slice(cumulative[text]! * width, cumulative[text + 1]! * width));
      }
    }
  });

  it('does not look behind a causal mask', async () => {
    const given = { ...attentionCase([23], 2, 8), mask: { after: 0 } };
    const before = await runAttention(given, form);
    const changed = { ...given, k: given.k.slice(), v: given.v.slice() };
    changed.k.fill(3, 20 * 16);
    changed.v.fill(3, 20 * 16);
    const after = await runAttention(changed, form);
    expect(after.out.slice(0, 20 * 16)).toEqual(before.out.slice(0, 20 * 16));
    expect(after.out.slice(20 * 16)).not.toEqual(before.out.slice(20 * 16));
  });
});

describe('masked attention', () => {
  it('refuses keys that the heads do not share evenly', async () => {
    const given = { ...attentionCase([3], 4, 8, 2), keyValueHeads: 3 };
    await expect(runAttention({ ...given, k: given.v.slice(), v: given.v })).rejects.toThrow();
  });
});
