import { describe, expect, it } from 'vitest';
import { expectClose, expectGradient, testForms } from '../device.ts';
import * as reference from '../reference/attention.ts';
import { tolerances } from '../tolerances.ts';
import { attentionCase, cumulate, runAttention, shapeOf, subset } from './attention-case.ts';

const key = { seed: 49, step: 7, site: 3 };

describe.each(testForms)('dropout of attention weights, %s', (form) => {
  it('equals the reference under the same mask, forward and backward', async () => {
    const given = { ...attentionCase([1, 6, 19, 33, 70], 3, 16), dropout: { rate: 0.3, ...key } };
    const { q, k, v, dOut } = given;
    const actual = await runAttention(given, form);
    const forward = reference.attentionForward(q, k, v, shapeOf(given));
    expectClose(actual.logSumExp, forward.logSumExp, tolerances.attentionLogSumExp, 'logSumExp');
    expectClose(actual.out, forward.out, tolerances.attention, 'out');
    const backward = reference.attentionBackward(q, k, v, dOut, shapeOf(given));
    for (const name of ['dQ', 'dK', 'dV'] as const) {
      expectGradient(actual[name], backward[name], name);
      expectClose(actual[name], backward[name], tolerances.attentionGradient, name);
    }
  });

  it('keeps a text its mask in whatever batch it stands', async () => {
    const whole = { ...attentionCase([5, 40, 9], 3, 16), dropout: { rate: 0.1, ...key } };
    const together = await runAttention(whole, form);
    const alone = await runAttention(subset(whole, 1, 2), form);
    const cumulative = cumulate(whole.lengths);
    for (const name of ['out', 'dQ', 'dK', 'dV'] as const) {
      expect(alone[name]).toEqual(together[name].slice(cumulative[1]! * 48, cumulative[2]! * 48));
    }
  });

  it('drops nothing at rate 0', async () => {
    const given = attentionCase([12, 3], 3, 16);
    const none = await runAttention(given, form);
    expect(await runAttention({ ...given, dropout: { rate: 0, ...key } }, form)).toEqual(none);
  });
});

describe('dropout of attention weights', () => {
  it('drops at its rate, differently for every seed, step, site, sample and head', () => {
    const rate = 0.25;
    const given = { ...attentionCase([64, 64], 2, 8), dropout: { rate, ...key } };
    const mask = (changes: object, text = 0, head = 0): number[] => {
      const { factor } = shapeOf({ ...given, dropout: { ...given.dropout, ...changes } });
      return Array.from({ length: 64 * 64 }, (_, i) => factor!(text, head, Math.floor(i / 64), i % 64));
    };
    const first = mask({});
    const dropped = first.filter((value) => value === 0).length / first.length;
    // Three deviations of a binomial of 4096.
    expect(Math.abs(dropped - rate)).toBeLessThan(3 * Math.sqrt((rate * (1 - rate)) / 4096));
    for (const other of [mask({ seed: 50 }), mask({ step: 8 }), mask({ site: 4 }), mask({}, 1), mask({}, 0, 1)]) {
      const equal = other.filter((value, i) => value === first[i]).length / first.length;
      // Independent masks agree with probability 0.75^2 + 0.25^2 = 0.625.
      expect(Math.abs(equal - 0.625)).toBeLessThan(0.03);
    }
  });
});
