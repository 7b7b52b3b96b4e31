/** The memory plan of a micro-batch against what its forward pass really leases. */
import { describe, expect, it } from 'vitest';
import { elementCount, type Tensor } from '../../src/device/types.ts';
import { makeBatch, releaseBatch } from '../../src/nn/batch.ts';
import { encodeBatch } from '../../src/nn/encode.ts';
import { loadEncoder } from '../../src/nn/encoders/encoder.ts';
import { forwardPassOf } from '../../src/nn/encoders/index.ts';
import { activationBytes } from '../../src/nn/encoders/memory.ts';
import { Tape } from '../../src/nn/tape.ts';
import { openTestGpu, testGpu } from '../device.ts';
import { modelTypes, openFamilyCase } from './family-case.ts';
import { repeated } from './tiny.ts';

class CountingTape extends Tape {
  bytes = 0;

  override lease(label: string, shape: readonly number[]): Tensor {
    this.bytes += 4 * elementCount(shape);
    return super.lease(label, shape);
  }
}

describe('the memory plan', () => {
  it.each(modelTypes)('covers what %s holds', async (name) => {
    const gpu = await testGpu();
    const { spec, texts, tensor } = await openFamilyCase(name);
    const source = { read: async (parameter: string) => tensor(`weights.${parameter}`) };
    const { parameters } = await loadEncoder(gpu, spec, source, { training: true, dropout: true });
    const batch = makeBatch(gpu, texts);
    const tape = new CountingTape(gpu, true);
    const dropout = { rate: 0.1, attentionRate: 0.1, seed: 1, step: 1 };
    forwardPassOf(spec.family).run(tape, parameters, spec, { batch, dropout, keepInner: true });
    const { bytes } = tape;
    tape.dispose();
    releaseBatch(gpu, batch);
    parameters.free();
    const planned = activationBytes(spec, batch.T);
    expect(bytes).toBeLessThanOrEqual(planned);
    expect(planned).toBeLessThan(2.5 * bytes);
  });

  it('covers both passes, copies for matrix products included', async () => {
    const gpu = await openTestGpu();
    const { spec, texts, tensor } = await openFamilyCase('bert');
    const source = { read: async (parameter: string) => tensor(`weights.${parameter}`) };
    const encoder = await loadEncoder(gpu, spec, source, { training: true, dropout: true });
    const batch = makeBatch(gpu, repeated(texts, 40));
    const tape = new Tape(gpu, true);
    const dropout = { rate: 0.1, attentionRate: 0.1, seed: 1, step: 1 };
    encoder.parameters.clearGradients();
    const vectors = encodeBatch(tape, encoder, batch, { task: 'ir', dropout, inner: true });
    tape.give(vectors.final, tape.lease('gradient', vectors.final.tensor.shape));
    tape.backward();
    await gpu.idle();
    const { peak, persistent } = gpu.memory();
    expect(batch.T).toBeGreaterThan(1000);
    expect(peak - persistent).toBeLessThanOrEqual(activationBytes(spec, batch.T));
    await gpu.destroy();
  });
});
