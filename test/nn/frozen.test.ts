/** Frozen parameters: the same bits in the gradients of all others, in the norm only these, and no memory for them. */
import { describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/device/types.ts';
import { exportedName } from '../../src/model/parameter-names.ts';
import { makeBatch, releaseBatch } from '../../src/nn/batch.ts';
import { encodeBatch } from '../../src/nn/encode.ts';
import { loadEncoder } from '../../src/nn/encoders/encoder.ts';
import { activationBytes } from '../../src/nn/encoders/memory.ts';
import { Optimizer } from '../../src/nn/optimizer.ts';
import type { FlatKind, Parameters } from '../../src/nn/parameter-store.ts';
import { Tape } from '../../src/nn/tape.ts';
import { expectClose, openTestGpu, random, testGpu } from '../device.ts';
import { modelTypes, openFamilyCase } from './family-case.ts';
import { repeated } from './tiny.ts';

type Tensors = ReadonlyMap<string, Float32Array>;

async function tensorsOf(parameters: Parameters, kind: FlatKind): Promise<Tensors> {
  const tensors = new Map<string, Float32Array>();
  for await (const { name, data } of parameters.read(kind)) tensors.set(name, data.slice());
  return tensors;
}

interface Passes {
  readonly isFrozen?: (name: string) => boolean;
  readonly recompute?: boolean;
  readonly times?: number;
}

/** Both passes with dropout and one update, of a golden's texts so many times. */
async function passes(gpu: Gpu, name: string, { isFrozen = () => false, recompute = false, times = 1 }: Passes) {
  const { spec, texts, tensor } = await openFamilyCase(name);
  const source = { read: async (parameter: string) => tensor(`weights.${parameter}`) };
  const groupOf = (parameter: string): number | null => (isFrozen(exportedName(parameter)) ? null : 0);
  const encoder = await loadEncoder(gpu, spec, source, { training: true, dropout: true, groupOf });
  const { parameters } = encoder;
  const before = await tensorsOf(parameters, 'values');
  const optimizer = new Optimizer(gpu, parameters);
  const guard = gpu.allocate('guard', [1]);
  const batch = makeBatch(gpu, repeated(texts, times));
  const tape = new Tape(gpu, true);
  const dropout = { rate: 0.1, attentionRate: 0.1, seed: 1, step: 1 };
  parameters.clearGradients();
  const vectors = encodeBatch(tape, encoder, batch, { task: 'ir', dropout, inner: true, recompute });
  for (const value of [vectors.final, vectors.inner!]) {
    const gradient = tape.lease('gradient', value.tensor.shape);
    gpu.write(gradient, random(7).floats(batch.B * value.tensor.shape[1]!));
    tape.give(value, gradient);
  }
  tape.backward();
  await gpu.idle();
  const { peak, persistent } = gpu.memory();
  tape.dispose();
  releaseBatch(gpu, batch);
  const rates = { groups: [{ learningRate: 0.01, weightDecay: 0.1 }], beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  optimizer.update({ ...rates, step: 1, clipNorm: 1, guard });
  const gradients = await tensorsOf(parameters, 'gradients');
  const [norm] = await gpu.read(optimizer.norm);
  const after = await tensorsOf(parameters, 'values');
  const { bytes } = parameters;
  const { trained, bytes: flat } = parameters.layout;
  for (const thing of [optimizer, parameters]) thing.free();
  gpu.free(guard);
  return {
    spec,
    tokens: batch.T,
    activations: peak - persistent,
    before,
    after,
    gradients,
    norm: norm!,
    bytes,
    trained,
    flat,
  };
}

/** Blocks are numbered after `layer.` or `layers.`. */
const blockOf = (name: string): number => Number(/layers?\.(\d+)\./.exec(name)?.[1] ?? Number.NaN);
const isEmbedding = (name: string): boolean => /^(embeddings|embed_tokens)\./.test(name);
const patterns: Readonly<Record<string, (name: string) => boolean>> = {
  'the embeddings and the first block': (name) => isEmbedding(name) || blockOf(name) === 0,
  'the middle block': (name) => blockOf(name) === 1,
  'all matrices of blocks': (name) => blockOf(name) >= 0 && !/norm/i.test(name) && !name.endsWith('.bias'),
  'all norms and biases': (name) => /norm/i.test(name) || name.endsWith('.bias'),
  'all but the words': (name) => !/(word_embeddings|tok_embeddings|embed_tokens)\.weight$/.test(name),
  'all but the last block': (name) => !(blockOf(name) >= 2),
  queries: (name) => /(query|q_proj|Wqkv)\./.test(name),
};

describe('frozen parameters', () => {
  it.each(modelTypes)('leave the bits of all other gradients as they are: %s', async (name) => {
    const gpu = await testGpu();
    const whole = await passes(gpu, name, {});
    for (const [what, isFrozen] of Object.entries(patterns)) {
      for (const recompute of [false, true]) {
        const held = gpu.memory().persistent;
        const part = await passes(gpu, name, { isFrozen, recompute });
        const trained = [...whole.gradients.keys()].filter((key) => !isFrozen(key));
        expect(trained.length, what).toBeGreaterThan(0);
        expect(trained.length, what).toBeLessThan(whole.gradients.size);
        expect([...part.gradients.keys()], what).toEqual(trained);
        for (const key of trained) expect(part.gradients.get(key), `${what}: ${key}`).toEqual(whole.gradients.get(key));
        const expected = Math.hypot(...trained.map((key) => Math.hypot(...whole.gradients.get(key)!)));
        expectClose([part.norm], [expected], { absolute: 0, relative: 1e-5 }, what);
        for (const [key, values] of part.after) {
          if (isFrozen(key)) expect(values, `${what}: ${key}`).toEqual(part.before.get(key));
          else expect(values, `${what}: ${key}`).not.toEqual(part.before.get(key));
        }
        expect(part.bytes).toBe(part.flat + 3 * part.trained.bytes);
        expect(gpu.memory().persistent).toBe(held);
      }
    }
  });

  it.each(modelTypes)('at the beginning hold no activations, as the plan says: %s', async (name) => {
    const peakOf = async (isFrozen: (name: string) => boolean, recompute: boolean) => {
      const gpu = await openTestGpu();
      const { activations, tokens, spec } = await passes(gpu, name, { isFrozen, recompute, times: 40 });
      await gpu.destroy();
      return {
        activations,
        planned: (frozenBlocks: number) => activationBytes(spec, tokens, { recompute, frozenBlocks }),
      };
    };
    const none = await peakOf(() => false, false);
    for (const recompute of [false, true]) {
      const most = await peakOf((key) => isEmbedding(key) || blockOf(key) < 2, recompute);
      expect(most.activations).toBeLessThanOrEqual(most.planned(2));
      expect(most.activations).toBeLessThan(0.75 * none.activations);
    }
  });
});
