/** Every encoder family, forward and backward, against transformers: test/fixtures/families. */
import { describe, expect, it } from 'vitest';
import { modelParameters } from '../../src/model/pipeline.ts';
import { gatherTexts, makeBatch, releaseBatch } from '../../src/nn/batch.ts';
import { type Encoder, loadEncoder } from '../../src/nn/encoders/encoder.ts';
import { forwardPassOf } from '../../src/nn/encoders/index.ts';
import { Parameters } from '../../src/nn/parameter-store.ts';
import { Tape } from '../../src/nn/tape.ts';
import type { PackedTexts } from '../../src/tokens/types.ts';
import { expectGradient, testGpu } from '../device.ts';
import { type FamilyCase, giveGradients, goldenModes, goldenNames, openFamilyCase } from './family-case.ts';

/** Largest absolute difference; NaN counts as infinite. */
function largestDifference(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return dot / Math.sqrt(aa * bb);
}

/** `pageBytes`: the adapter's binding limit unless a smaller one is wanted. */
async function load({ spec, tensor }: FamilyCase, training: boolean, pageBytes?: number): Promise<Encoder> {
  const gpu = await testGpu();
  const source = { read: async (name: string) => tensor(`weights.${name}`) };
  if (pageBytes === undefined) return loadEncoder(gpu, spec, source, { training });
  const parameters = new Parameters(gpu, modelParameters(spec), { training, pageBytes });
  await parameters.load(source);
  return { gpu, spec, parameters };
}

/** Hidden states of every layer, without a tape: what is dropped too early would be overwritten. */
async function hiddenStates(golden: FamilyCase, texts: PackedTexts, pageBytes?: number): Promise<Float32Array[]> {
  const gpu = await testGpu();
  const { spec, parameters } = await load(golden, false, pageBytes);
  const batch = makeBatch(gpu, texts);
  const tape = new Tape(gpu, false);
  const states: Promise<Float32Array>[] = [];
  forwardPassOf(spec.family).run(tape, parameters, spec, {
    batch,
    keepInner: false,
    observe: (number, { tensor }) => {
      expect(number).toBe(states.length);
      states.push(gpu.read(tensor));
    },
  });
  const read = await Promise.all(states);
  tape.dispose();
  releaseBatch(gpu, batch);
  parameters.free();
  return read;
}

/** Pooled vectors and the gradients of the golden's loss. */
async function train(golden: FamilyCase, pageBytes?: number) {
  const gpu = await testGpu();
  const { spec, parameters } = await load(golden, true, pageBytes);
  const pooled = await giveGradients(golden, { gpu, spec, parameters });
  const gradients = new Map<string, Float32Array>();
  for await (const { name, data } of parameters.read('gradients')) gradients.set(name, data);
  parameters.free();
  return { pooled, gradients };
}

describe.each(goldenNames)('the golden %s', (name) => {
  it('has the hidden states of transformers in every layer', async () => {
    const golden = await openFamilyCase(name);
    const states = await hiddenStates(golden, golden.texts);
    expect(states.length).toBe(golden.spec.architecture.layers + 1);
    states.forEach((state, k) => {
      expect(largestDifference(state, golden.tensor(`hidden.${k}`)), `hidden state ${k}`).toBeLessThanOrEqual(1e-4);
    });
  });

  it('has the pooled vectors and the gradients of all parameters', async () => {
    const golden = await openFamilyCase(name);
    const { pooled, gradients } = await train(golden);
    const { width } = golden.spec.architecture;
    for (const mode of goldenModes) {
      const [actual, expected] = [pooled.get(mode)!, golden.tensor(`pooled.${mode}`)];
      expect(largestDifference(actual, expected), mode).toBeLessThanOrEqual(1e-4);
      for (let at = 0; at < actual.length; at += width) {
        expect(cosine(actual.subarray(at, at + width), expected.subarray(at, at + width))).toBeGreaterThanOrEqual(
          0.99999,
        );
      }
    }
    const expected = [...gradients.keys()].map((key) => [key, golden.tensor(`gradients.${key}`)] as const);
    const all = Math.hypot(...expected.map(([, gradient]) => Math.hypot(...gradient)));
    for (const [key, gradient] of expected) expectGradient(gradients.get(key)!, gradient, key, all);
  });

  it('gives a text the same bits alone and in a batch', async () => {
    const golden = await openFamilyCase(name);
    const together = (await hiddenStates(golden, golden.texts)).at(-1)!;
    const { width } = golden.spec.architecture;
    const { cumulative } = golden.texts;
    for (const text of [1, 2, 3]) {
      const alone = (await hiddenStates(golden, gatherTexts(golden.texts, [text]))).at(-1)!;
      expect(alone).toEqual(together.slice(cumulative[text]! * width, cumulative[text + 1]! * width));
    }
  });
});

describe('a table of words larger than a binding', () => {
  it.each([
    ['xlm-roberta', 12_288],
    ['llama', 8_192],
    ['xlm-roberta-padding', 5_120],
  ])('is read and trained in parts, to the same bits: %s', async (name, pageBytes) => {
    const golden = await openFamilyCase(name);
    const { parameters } = await load(golden, false, pageBytes);
    const [table] = parameters.layout.slots;
    expect(table!.pieces.length).toBeGreaterThan(1);
    parameters.free();
    expect(await hiddenStates(golden, golden.texts, pageBytes)).toEqual(await hiddenStates(golden, golden.texts));
    expect(await train(golden, pageBytes)).toEqual(await train(golden));
  });
});

describe('XLM-R', () => {
  it('does not count padding tokens within a text', async () => {
    const golden = await openFamilyCase('xlm-roberta');
    const states = await hiddenStates(golden, golden.padded!);
    expect(largestDifference(states.at(-1)!, golden.tensor('padded'))).toBeLessThanOrEqual(1e-4);
  });
});

describe('every family', () => {
  it.each(['modernbert', 'minicpm', 'qwen3'])('holds no device memory afterwards: %s', async (name) => {
    const gpu = await testGpu();
    const golden = await openFamilyCase(name);
    const held: object[] = [];
    for (let pass = 0; pass < 6; pass++) {
      await train(golden);
      await hiddenStates(golden, golden.texts);
      const { persistent, pooled } = gpu.memory();
      held.push({ persistent, pooled });
    }
    // The pool hands out what fits, so it takes a few passes to have the buffers that a pass wants. A leak would go on.
    expect(held.at(-1)).toEqual(held.at(-2));
  });
});
