/** The draw of configurations. */
import { describe, expect, it } from 'vitest';
import { noHeads } from '../../../src/model/types.ts';
import { drawConfigurations, spaceSize } from '../../../src/services/architecture-searches/draw.ts';
import type { ArchitectureSpace } from '../../../src/train/architecture-search/types.ts';

const space: ArchitectureSpace = {
  innerLayers: [1, 2, 3],
  poolings: [['cls'], ['mean']],
  heads: [],
  lossWeights: [{ task: 'sts', loss: 'pro', weights: [0.5, 1] }],
};
const standard = {
  innerLayer: 2,
  pooling: ['mean'] as const,
  heads: noHeads,
  lossWeights: [{ task: 'sts', loss: 'pro', weight: 0.5 } as const],
};
const draw = (count: number, seed = 1, own = standard) => drawConfigurations(space, own, { count, seed });
const distinct = (configurations: readonly object[]) => new Set(configurations.map((one) => JSON.stringify(one))).size;

describe('configurations', () => {
  it.each([1, 2, 7, 12])('are %i different ones, the default first', (count) => {
    const drawn = draw(count);
    expect(drawn).toHaveLength(count);
    expect(drawn[0]).toEqual(standard);
    expect(distinct(drawn)).toBe(count);
  });

  it('are all that there are where more are wanted', () => {
    expect(spaceSize(space, standard)).toBe(12);
    expect(distinct(draw(50))).toBe(12);
    expect(draw(50)).toHaveLength(12);
    // A default that is none of the space's is one more.
    expect(draw(50, 1, { ...standard, innerLayer: 9 })).toHaveLength(13);
  });

  it('depend on the seed alone', () => {
    expect(draw(5, 3)).toEqual(draw(5, 3));
    expect(new Set([1, 2, 3, 4].map((seed) => JSON.stringify(draw(5, seed)))).size).toBeGreaterThan(1);
  });

  it('leave an empty dimension as it is', () => {
    expect(draw(12).every(({ heads }) => heads === noHeads)).toBe(true);
    const nothing = { innerLayers: [], poolings: [], heads: [], lossWeights: [] };
    const own = { ...standard, lossWeights: [] };
    expect(drawConfigurations(nothing, own, { count: 9, seed: 1 })).toEqual([own]);
  });

  it('take every value of every dimension', () => {
    const all = draw(12);
    expect(new Set(all.map(({ innerLayer }) => innerLayer))).toEqual(new Set([1, 2, 3]));
    expect(new Set(all.map(({ lossWeights }) => lossWeights[0]!.weight))).toEqual(new Set([0.5, 1]));
  });
});
