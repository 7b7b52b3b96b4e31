import { describe, expect, it } from 'vitest';
import { checkTexts, cutByTokens, gatherTexts, makeBatch, releaseBatch, sliceTexts } from '../../src/nn/batch.ts';
import { testGpu } from '../device.ts';
import { randomTexts, tinySpec } from './tiny.ts';

describe('packed texts', () => {
  it('are cut by a budget of tokens, a longer text alone', () => {
    expect(cutByTokens(Uint32Array.of(0, 3, 6, 16, 17, 18), 6)).toEqual([0, 2, 3, 5]);
    expect(cutByTokens(Uint32Array.of(0, 3), 1)).toEqual([0, 1]);
    expect(cutByTokens(Uint32Array.of(0), 5)).toEqual([0]);
  });

  it('can be sliced and gathered', () => {
    const texts = randomTexts([3, 1, 4, 2], 50, 1);
    const slice = sliceTexts(texts, 1, 3);
    expect([...slice.cumulative]).toEqual([0, 1, 5]);
    expect([...slice.ids]).toEqual([...texts.ids.subarray(3, 8)]);
    const gathered = gatherTexts(texts, [2, 0, 2]);
    expect([...gathered.cumulative]).toEqual([0, 4, 7, 11]);
    expect([...gathered.ids.subarray(7)]).toEqual([...texts.ids.subarray(4, 8)]);
  });

  it('know on the device where every token stands', async () => {
    const gpu = await testGpu();
    const batch = makeBatch(gpu, randomTexts([2, 3, 1], 50, 1), 7);
    const reads = await Promise.all(
      [batch.positions, batch.textOfToken, batch.sampleOfToken, batch.typeIds].map((tensor) => gpu.readU32(tensor)),
    );
    expect(reads.map((values) => [...values])).toEqual([
      [0, 1, 0, 1, 2, 0],
      [0, 0, 1, 1, 1, 2],
      [7, 7, 8, 8, 8, 9],
      [0, 0, 0, 0, 0, 0],
    ]);
    expect(batch).toMatchObject({ B: 3, T: 6, maxLength: 3 });
    releaseBatch(gpu, batch);
  });

  it('are refused where the encoder cannot take them', () => {
    const { architecture } = tinySpec();
    expect(() => checkTexts(architecture, randomTexts([40], 50, 1), 'x')).not.toThrow();
    expect(() => checkTexts(architecture, randomTexts([41], 50, 1), 'The query')).toThrow(
      /The query: text 0 has 41 tokens/,
    );
    expect(() => checkTexts(architecture, randomTexts([0], 50, 1), 'x')).toThrow(/text 0 has 0 tokens/);
  });
});
