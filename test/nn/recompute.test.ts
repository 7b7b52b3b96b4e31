/** Recomputed activations: the same bits in the gradients and the vectors, from less memory, for every family. */
import { describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/device/types.ts';
import { makeBatch, releaseBatch } from '../../src/nn/batch.ts';
import { encodeBatch } from '../../src/nn/encode.ts';
import { type Encoder, loadEncoder } from '../../src/nn/encoders/encoder.ts';
import { activationBytes } from '../../src/nn/encoders/memory.ts';
import { Tape } from '../../src/nn/tape.ts';
import type { PackedTexts } from '../../src/tokens/types.ts';
import { openTestGpu, random, testGpu } from '../device.ts';
import { modelTypes, openFamilyCase } from './family-case.ts';
import { repeated } from './tiny.ts';

async function load(gpu: Gpu, name: string): Promise<{ encoder: Encoder; texts: PackedTexts }> {
  const { spec, texts, tensor } = await openFamilyCase(name);
  const source = { read: async (parameter: string) => tensor(`weights.${parameter}`) };
  return { encoder: await loadEncoder(gpu, spec, source, { training: true, dropout: true }), texts };
}

/** Both passes with dropout, the inner layer's vectors included; gradients of the vectors by a seed. */
async function bothPasses({ gpu, parameters, ...encoder }: Encoder, texts: PackedTexts, recompute: boolean) {
  const batch = makeBatch(gpu, texts);
  const tape = new Tape(gpu, true);
  const dropout = { rate: 0.1, attentionRate: 0.1, seed: 1, step: 1 };
  parameters.clearGradients();
  const vectors = encodeBatch(tape, { gpu, parameters, ...encoder }, batch, {
    task: 'ir',
    dropout,
    inner: true,
    recompute,
  });
  const read = [await gpu.readU32(vectors.final.tensor), await gpu.readU32(vectors.inner!.tensor)];
  for (const value of [vectors.final, vectors.inner!]) {
    const gradient = tape.lease('gradient', value.tensor.shape);
    gpu.write(gradient, random(7).floats(batch.B * value.tensor.shape[1]!));
    tape.give(value, gradient);
  }
  tape.backward();
  tape.dispose();
  releaseBatch(gpu, batch);
  const gradients = await Promise.all(parameters.pages('gradients').map((page) => gpu.readU32(page)));
  return { vectors: read, gradients };
}

describe('recomputed activations', () => {
  it.each(modelTypes)('give the same bits: %s', async (name) => {
    const { encoder, texts } = await load(await testGpu(), name);
    const kept = await bothPasses(encoder, texts, false);
    const recomputed = await bothPasses(encoder, texts, true);
    encoder.parameters.free();
    expect(encoder.spec.architecture.layers).toBeGreaterThan(2);
    expect(Math.max(...kept.gradients[0]!)).toBeGreaterThan(0);
    expect(recomputed).toEqual(kept);
  });

  it.each(modelTypes)('take no more memory than the plan says: %s', async (name) => {
    const peakOf = async (recompute: boolean) => {
      const gpu = await openTestGpu();
      const { encoder, texts } = await load(gpu, name);
      await bothPasses(encoder, repeated(texts, 40), recompute);
      const { peak, persistent } = gpu.memory();
      const tokens = 40 * texts.ids.length;
      await gpu.destroy();
      return {
        bytes: peak - persistent,
        planned: activationBytes(encoder.spec, tokens, { recompute, frozenBlocks: 0 }),
      };
    };
    const [kept, recomputed] = [await peakOf(false), await peakOf(true)];
    expect(kept.bytes).toBeLessThanOrEqual(kept.planned);
    expect(recomputed.bytes).toBeLessThanOrEqual(recomputed.planned);
    expect(recomputed.bytes).toBeLessThan(0.8 * kept.bytes);
    expect(recomputed.planned).toBeLessThan(2.5 * recomputed.bytes);
  });
});
