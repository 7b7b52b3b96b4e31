import { describe, expect, it } from 'vitest';
import { drawSlot, drawTexts } from '../../src/data/draw-texts.ts';

describe('drawTexts', () => {
  const base = { seed: 1, epoch: 0, dataset: 0, pass: 0, record: 5, slot: drawSlot.positives, available: 6, count: 3 };
  const draws = (change: Partial<typeof base>) =>
    Array.from({ length: 40 }, (_, record) => drawTexts({ ...base, record, ...change }).join());

  it('draws without replacement where there are enough', () => {
    for (let record = 0; record < 50; record++) {
      const drawn = [...drawTexts({ ...base, record })];
      expect(new Set(drawn).size).toBe(3);
      expect(drawn.every((text) => text < 6)).toBe(true);
    }
  });

  it('repeats the whole list, then samples the rest, in random order', () => {
    const orders = new Set<string>();
    for (let record = 0; record < 200; record++) {
      const drawn = [...drawTexts({ ...base, record, available: 2, count: 5 })];
      const zeros = drawn.filter((text) => text === 0).length;
      expect([2, 3]).toContain(zeros);
      expect(drawn).toHaveLength(5);
      orders.add(drawn.join(''));
    }
    // Five places with two or three zeros: 10 + 10 orders.
    expect(orders.size).toBe(20);
    expect([...drawTexts({ ...base, available: 1, count: 4 })]).toEqual([0, 0, 0, 0]);
  });

  it('answers nothing where there are no texts', () => {
    expect(drawTexts({ ...base, available: 0 })).toHaveLength(0);
    expect(drawTexts({ ...base, count: 0 })).toHaveLength(0);
  });

  it('is keyed by every part of its name', () => {
    const same = draws({});
    expect(draws({})).toEqual(same);
    for (const change of [{ seed: 2 }, { epoch: 1 }, { dataset: 1 }, { pass: 1 }])
      expect(draws(change)).not.toEqual(same);
    const negatives = Array.from({ length: 40 }, (_, record) =>
      drawTexts({ ...base, record, slot: drawSlot.negatives }).join(),
    );
    expect(negatives).not.toEqual(same);
  });
});
