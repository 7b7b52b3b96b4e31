/** Dense layers and what the two layers' vectors are with them. */
import { describe, expect, it } from 'vitest';
import type { DenseLayer } from '../../src/model/types.ts';
import { makeBatch, releaseBatch } from '../../src/nn/batch.ts';
import { type EncodeOptions, encodeBatch } from '../../src/nn/encode.ts';
import { Tape } from '../../src/nn/tape.ts';
import type { EncoderSpec } from '../../src/nn/types.ts';
import { encodeTexts } from '../../src/serve/encode.ts';
import { expectClose, random, testGpu } from '../device.ts';
import { tolerances } from '../tolerances.ts';
import { randomTexts, randomWeights, tinyEncoder, tinySpec } from './tiny.ts';

const texts = randomTexts([5, 3, 9], 50, 2);
const layer = (inFeatures: number, outFeatures: number, activation: DenseLayer['activation']): DenseLayer => ({
  ...{ inFeatures, outFeatures, bias: true, activation },
});

/** Weights of a spec; those of the encoder are the same with and without dense layers. */
function weightsOf(spec: EncoderSpec): Map<string, Float32Array> {
  const weights = new Map(randomWeights({ ...spec, dense: [] }, 1));
  for (const [i, { inFeatures, outFeatures }] of (spec.dense ?? []).entries()) {
    weights.set(`dense.${i}.linear.weight`, random(i + 5).floats(inFeatures * outFeatures, 0.3));
    weights.set(`dense.${i}.linear.bias`, random(i + 9).floats(outFeatures, 0.3));
  }
  return weights;
}

/** Vectors, and gradients of all parameters for the given gradients of the vectors. */
async function run(
  spec: EncoderSpec,
  options: EncodeOptions,
  give: { final?: Float32Array; inner?: Float32Array } = {},
) {
  const gpu = await testGpu();
  const encoder = await tinyEncoder(gpu, spec, weightsOf(spec));
  const batch = makeBatch(gpu, texts);
  const tape = new Tape(gpu, true);
  try {
    encoder.parameters.clearGradients();
    const { final, inner } = encodeBatch(tape, encoder, batch, options);
    const vectors = { final: await gpu.read(final.tensor), inner: inner && (await gpu.read(inner.tensor)) };
    const gradientOf = (value: typeof final, data: Float32Array): void => {
      const gradient = tape.lease('gradient', value.tensor.shape);
      gpu.write(gradient, data);
      tape.give(value, gradient);
    };
    if (give.final) gradientOf(final, give.final);
    if (give.inner && inner) gradientOf(inner, give.inner);
    tape.backward();
    const gradients = new Map<string, Float32Array>();
    for await (const { name, data } of encoder.parameters.read('gradients')) gradients.set(name, data.slice());
    return { ...vectors, gradients };
  } finally {
    tape.dispose();
    releaseBatch(gpu, batch);
    encoder.parameters.free();
  }
}

describe('dense layers', () => {
  const plain = tinySpec({ layers: 1 });
  const spec: EncoderSpec = { ...plain, dense: [layer(16, 6, 'tanh'), layer(6, 4, 'identity')] };

  it('change the last vectors by their formula', async () => {
    const { final: pooled } = await run(plain, { task: 'ir', inner: false, unit: false });
    const { final } = await run(spec, { task: 'ir', inner: false, unit: false });
    const weights = weightsOf(spec);
    const apply = (x: ArrayLike<number>, rows: number, index: number, { inFeatures: K, outFeatures: N }: DenseLayer) =>
      Float64Array.from({ length: rows * N }, (_, i) => {
        const [b, n] = [Math.floor(i / N), i % N];
        let sum = weights.get(`dense.${index}.linear.bias`)![n]!;
        for (let k = 0; k < K; k++) sum += x[b * K + k]! * weights.get(`dense.${index}.linear.weight`)![n * K + k]!;
        return sum;
      });
    const first = apply(pooled, 3, 0, spec.dense![0]!).map(Math.tanh);
    expectClose(final, apply(first, 3, 1, spec.dense![1]!), { absolute: 2e-6, relative: 2e-6 });
  });

  it.each([1, 2])('leave the inner vectors pooled and of length 1, with %i blocks', async (layers) => {
    const [bare, headed] = [tinySpec({ layers }), { ...spec, architecture: tinySpec({ layers }).architecture }];
    const give = { inner: random(3).floats(3 * 16) };
    const without = await run(bare, { task: 'ir', inner: true }, give);
    const withHead = await run(headed, { task: 'ir', inner: true }, give);
    expect(withHead.final).toHaveLength(3 * 4);
    expect(withHead.inner).toEqual(without.inner);
    for (const [name, gradient] of without.gradients) {
      expectClose(withHead.gradients.get(name)!, gradient, tolerances.elementwise, name);
    }
    for (const index of [0, 1])
      expect(withHead.gradients.get(`dense.${index}.linear.bias`)!.every((g) => g === 0)).toBe(true);
  });

  it('add up the gradients of both vectors', async () => {
    const give = { final: random(4).floats(3 * 4), inner: random(3).floats(3 * 16) };
    const [both, last, inner] = await Promise.all([
      run(spec, { task: 'ir', inner: true }, give),
      run(spec, { task: 'ir', inner: true }, { final: give.final }),
      run(spec, { task: 'ir', inner: true }, { inner: give.inner }),
    ]);
    for (const [name, gradient] of both.gradients) {
      const sum = last.gradients.get(name)!.map((value, i) => value + inner.gradients.get(name)![i]!);
      expectClose(gradient, sum, { absolute: 2e-5, relative: 1e-4 }, name);
    }
  });

  it('give vectors of their own width, of length 1 or as they are', async () => {
    const model = await tinyEncoder(await testGpu(), spec, weightsOf(spec), false);
    const unit = await encodeTexts(model, texts, { task: 'ir' });
    const own = await encodeTexts(model, texts, { task: 'ir', unit: false });
    model.parameters.free();
    expect([unit.length, own.length]).toEqual([12, 12]);
    for (let b = 0; b < 3; b++) {
      const row = own.subarray(4 * b, 4 * b + 4);
      const norm = Math.hypot(...row);
      expect(Math.abs(norm - 1)).toBeGreaterThan(0.01);
      expectClose(
        unit.subarray(4 * b, 4 * b + 4),
        row.map((value) => value / norm),
        tolerances.l2Normalize,
      );
    }
  });
});
