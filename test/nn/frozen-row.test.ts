/**
 * The row of the padding token, which transformers freezes: no gradient reaches it, so it has no part in the norm;
 * AdamW's weight decay does. The goldens named `padding` have the token in their texts.
 */
import { describe, expect, it } from 'vitest';
import { loadEncoder } from '../../src/nn/encoders/encoder.ts';
import { Optimizer } from '../../src/nn/optimizer.ts';
import type { FlatKind, Parameters } from '../../src/nn/parameter-store.ts';
import { expectClose, testGpu } from '../device.ts';
import { giveGradients, openFamilyCase } from './family-case.ts';

const learningRate = 0.01;
const weightDecay = 0.1;

async function tensorsOf(parameters: Parameters, kind: FlatKind): Promise<Map<string, Float32Array>> {
  const tensors = new Map<string, Float32Array>();
  for await (const { name, data } of parameters.read(kind)) tensors.set(name, data);
  return tensors;
}

/** Gradients, weights and moments around one update. */
async function update(name: string) {
  const golden = await openFamilyCase(name);
  const gpu = await testGpu();
  const source = { read: async (tensor: string) => golden.tensor(`weights.${tensor}`) };
  const encoder = await loadEncoder(gpu, golden.spec, source, { training: true });
  const { parameters } = encoder;
  const optimizer = new Optimizer(gpu, parameters);
  const guard = gpu.allocate('guard', [1]);
  gpu.write(guard, Float32Array.of(1));
  try {
    await giveGradients(golden, encoder);
    const gradients = await tensorsOf(parameters, 'gradients');
    const rates = { groups: [{ learningRate, weightDecay }], beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    optimizer.update({ ...rates, step: 1, clipNorm: 1, guard });
    const [values, m, v] = await Promise.all(
      (['values', 'm', 'v'] as const).map((kind) => tensorsOf(parameters, kind)),
    );
    const [norm] = await gpu.read(optimizer.norm);
    return { golden, gradients, values: values!, m: m!, v: v!, norm: norm! };
  } finally {
    optimizer.free();
    parameters.free();
    gpu.free(guard);
  }
}

/** Name of the word table in every family. */
const wordTable = /(word_embeddings|tok_embeddings|embed_tokens)\.weight$/;

async function expectFrozen(name: string, table: RegExp, row: number): Promise<void> {
  const { golden, gradients, values, m, v, norm } = await update(name);
  const tensor = [...gradients.keys()].find((key) => table.test(key))!;
  const { width } = golden.spec.architecture;
  const rowOf = (data: Float32Array) => data.subarray(row * width, (row + 1) * width);
  const zeros = new Float32Array(width);
  for (const data of [gradients, m, v]) expect(rowOf(data.get(tensor)!)).toEqual(zeros);
  const decayed = rowOf(golden.tensor(`weights.${tensor}`)).map((value) => value * (1 - learningRate * weightDecay));
  expectClose(rowOf(values.get(tensor)!), decayed, { absolute: 1e-8, relative: 2e-7 }, tensor);
  const expected = Math.hypot(...[...gradients.keys()].map((key) => Math.hypot(...golden.tensor(`gradients.${key}`))));
  expectClose([norm], [expected], { absolute: 0, relative: 1e-4 }, 'norm');
}

describe('the row of the padding token', () => {
  it.each([
    ['bert-padding', 7],
    ['bert-padding-absent', 0],
    ['xlm-roberta-padding', 1],
    ['modernbert-padding', 4],
    ['qwen3-padding', 2],
    ['llama-padding-negative', 95],
  ])('is frozen: %s', (name, row) => expectFrozen(name, wordTable, row));

  it('is frozen among the positions of XLM-R too', () =>
    expectFrozen('xlm-roberta-padding', /position_embeddings\.weight$/, 1));

  it.each(['qwen3-padding-absent', 'llama-padding-null'])('is trained where there is none: %s', async (name) => {
    const { golden, gradients } = await update(name);
    const { width, frozenRow } = golden.spec.architecture;
    expect(frozenRow).toBeUndefined();
    const row = gradients.get('embed_tokens.weight')!.subarray(2 * width, 3 * width);
    expect(Math.hypot(...row)).toBeGreaterThan(0.1);
  });
});
