/**
 * Vectors as they are served: the same bits alone and among others, finite, refused by name where they cannot be made.
 */
import { describe, expect, it } from 'vitest';
import { gatherTexts } from '../../src/nn/batch.ts';
import type { EncoderSpec } from '../../src/nn/types.ts';
import { encodeTexts } from '../../src/serve/encode.ts';
import { testGpu } from '../device.ts';
import { randomLengths, randomTexts, randomWeights, tinyEncoder, tinySpec } from '../nn/tiny.ts';

/** A head of sts alone. */
const spec: EncoderSpec = {
  ...tinySpec({ width: 32, heads: 2, innerWidth: 48 }),
  heads: { ir: 'none', sts: 'dense' },
};
const bits = (vectors: Float32Array): number[] => [
  ...new Uint32Array(vectors.buffer, vectors.byteOffset, vectors.length),
];

async function encoder() {
  return tinyEncoder(await testGpu(), spec, randomWeights(spec, 1), false);
}

describe('encoding', () => {
  it.each(['ir', 'sts'] as const)(
    'gives a text of %s the same bits alone, among others and in another order',
    async (task) => {
      const model = await encoder();
      const texts = randomTexts(randomLengths(23, 40, 4), 50, 2);
      const together = await encodeTexts(model, texts, { task });
      const inPieces = await encodeTexts(model, texts, { task, microBatchTokens: 50 });
      expect(bits(inPieces)).toEqual(bits(together));
      const reversed = Array.from({ length: 23 }, (_, index) => 22 - index);
      const backwards = await encodeTexts(model, gatherTexts(texts, reversed), { task });
      for (const text of [0, 7, 22]) {
        const expected = bits(together.slice(text * 32, (text + 1) * 32));
        expect(bits(await encodeTexts(model, gatherTexts(texts, [text]), { task }))).toEqual(expected);
        expect(bits(backwards.slice((22 - text) * 32, (23 - text) * 32))).toEqual(expected);
      }
      for (let text = 0; text < 23; text++) {
        expect(Math.hypot(...together.subarray(text * 32, (text + 1) * 32))).toBeCloseTo(1, 5);
      }
      model.parameters.free();
    },
  );

  it('takes no texts at all', async () => {
    const model = await encoder();
    expect(await encodeTexts(model, randomTexts([], 50, 1), { task: 'ir' })).toEqual(new Float32Array(0));
    model.parameters.free();
  });

  it('refuses texts that the model cannot take', async () => {
    const model = await encoder();
    const refused = { code: 'BAD_USER_INPUT', details: { field: 'texts' } };
    await expect(encodeTexts(model, randomTexts([41], 50, 1), { task: 'ir' })).rejects.toMatchObject(refused);
    await expect(encodeTexts(model, randomTexts([20], 5000, 1), { task: 'ir' })).rejects.toMatchObject(refused);
    const unpooled = { ...randomTexts([4], 50, 1), poolStart: Uint32Array.of(4) };
    await expect(encodeTexts(model, unpooled, { task: 'ir' })).rejects.toMatchObject(refused);
    model.parameters.free();
  });

  it.each([
    ['not finite', 'encoder.layer.1.output.dense.bias', Number.NaN],
    ['all zeros, its length beyond f32', 'encoder.layer.1.output.LayerNorm.weight', 1e25],
  ])('never gives out a vector that is %s', async (_problem, parameter, value) => {
    const gpu = await testGpu();
    const weights = new Map(randomWeights(spec, 1));
    weights.set(parameter, new Float32Array(32).fill(value));
    const model = await tinyEncoder(gpu, spec, weights, false);
    await expect(encodeTexts(model, randomTexts([3, 5], 50, 1), { task: 'ir' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
    model.parameters.free();
  });

  it('stops between micro-batches when it is aborted, and gives everything back', async () => {
    const gpu = await testGpu();
    const model = await encoder();
    // Matrices that stay packed are made at their first use.
    await encodeTexts(model, randomTexts([40], 50, 1), { task: 'ir' });
    const { persistent } = gpu.memory();
    const stop = new AbortController();
    const encoding = encodeTexts(model, randomTexts(randomLengths(40, 40, 4), 50, 2), {
      task: 'ir',
      microBatchTokens: 60,
      signal: stop.signal,
      onEncoded: () => stop.abort(new Error('no longer wanted')),
    });
    await expect(encoding).rejects.toThrow('no longer wanted');
    expect(gpu.memory().persistent).toBe(persistent);
    model.parameters.free();
  });
});
