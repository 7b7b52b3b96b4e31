/** The BERT encoder, forward and backward, against the float64 reference. */
import { describe, expect, it } from 'vitest';
import type { Task } from '../../src/data/types.ts';
import { streamOf } from '../../src/kernels/elementwise.ts';
import { makeBatch, releaseBatch } from '../../src/nn/batch.ts';
import { encodeBatch } from '../../src/nn/encode.ts';
import { Tape } from '../../src/nn/tape.ts';
import type { DropoutSettings, EncoderSpec } from '../../src/nn/types.ts';
import type { PackedTexts } from '../../src/tokens/types.ts';
import { expectClose, expectGradient, random, testGpu } from '../device.ts';
import { type ReferenceDropout, referenceBert } from '../reference/bert.ts';
import { dropoutFactor, type Pair, threefry2x32 } from '../reference/dropout.ts';
import { tolerances } from '../tolerances.ts';
import { randomLengths, randomTexts, randomWeights, tinyEncoder, tinySpec } from './tiny.ts';

interface Case {
  readonly name: string;
  readonly spec: EncoderSpec;
  readonly lengths: readonly number[];
  /** Whose head makes the vectors; absent = ir, which has none. */
  readonly task?: Task;
}

const cases: readonly Case[] = [
  { name: 'two blocks', spec: tinySpec(), lengths: randomLengths(7, 20, 1) },
  { name: 'one token', spec: tinySpec({ layers: 1, width: 8, heads: 1, innerWidth: 8 }), lengths: [1] },
  {
    name: 'three blocks of odd sizes, cls',
    spec: tinySpec({ layers: 3, width: 40, heads: 5, innerWidth: 52, vocabularySize: 31 }, 'cls'),
    lengths: [1, 17, 2, 33, 5],
  },
  {
    name: 'one block, weighted mean',
    spec: tinySpec({ layers: 1, width: 24, heads: 3, innerWidth: 33 }, 'weightedmean'),
    lengths: [3, 40, 1],
  },
  {
    name: 'wide heads, last token',
    spec: tinySpec({ width: 64, heads: 2 }, 'lasttoken'),
    lengths: [9, 31, 16, 1, 2, 8],
  },
  {
    name: "two of MiniLM's blocks",
    spec: tinySpec({ width: 384, heads: 12, innerWidth: 1536 }),
    lengths: [11, 1, 25],
  },
  {
    name: 'the head of sts beside that of ir',
    spec: { ...tinySpec({ width: 20, heads: 5 }), heads: { ir: 'dense', sts: 'dense' } },
    ...{ lengths: [4, 19, 1, 8], task: 'sts' },
  },
  {
    name: 'a head of ir on one block, whose pooled output is the inner vector',
    spec: { ...tinySpec({ layers: 1, width: 12, heads: 3 }), heads: { ir: 'dense', sts: 'none' } },
    lengths: [7, 2, 15],
  },
];

interface Options {
  /** Absent = ir. */
  readonly task?: Task | undefined;
  readonly dropout?: DropoutSettings;
  /** What `dropout` drops. */
  readonly mask?: ReferenceDropout;
  readonly innerLayer?: number;
}

/** Random gradients of the unit vectors of both layers. */
function makeGradients(count: number) {
  const generator = random(99);
  return { final: generator.floats(count), inner: generator.floats(count) };
}

async function runEncoder(spec: EncoderSpec, texts: PackedTexts, { task = 'ir', dropout, innerLayer }: Options = {}) {
  const gpu = await testGpu();
  const weights = randomWeights(spec, 5);
  const encoder = await tinyEncoder(gpu, spec, weights);
  const batch = makeBatch(gpu, texts);
  const tape = new Tape(gpu, true);
  const vectors = encodeBatch(tape, encoder, batch, { task, inner: true, innerLayer, dropout });
  const gradients = makeGradients(batch.B * spec.architecture.width);
  for (const [value, data] of [
    [vectors.final, gradients.final],
    [vectors.inner!, gradients.inner],
  ] as const) {
    const tensor = tape.lease('gradient', value.tensor.shape);
    gpu.write(tensor, data);
    tape.give(value, tensor);
  }
  const final = gpu.read(vectors.final.tensor);
  const inner = gpu.read(vectors.inner!.tensor);
  encoder.parameters.clearGradients();
  tape.backward();
  tape.dispose();
  releaseBatch(gpu, batch);
  const parameterGradients = new Map<string, Float32Array>();
  for await (const { name, data } of encoder.parameters.read('gradients')) parameterGradients.set(name, data);
  encoder.parameters.free();
  return { weights, final: await final, inner: await inner, gradients, parameterGradients };
}

async function compare(spec: EncoderSpec, texts: PackedTexts, options: Options = {}) {
  const actual = await runEncoder(spec, texts, options);
  const { mask: dropout, ...others } = options;
  const reference = referenceBert(spec, actual.weights, texts, { ...others, dropout });
  expectClose(actual.final, reference.final.data, tolerances.encoderVectors, 'final');
  expectClose(actual.inner, reference.inner.data, tolerances.encoderVectors, 'inner');
  reference.final.gradient.set(actual.gradients.final);
  reference.inner.gradient.forEach((_, i, all) => {
    all[i]! += actual.gradients.inner[i]!;
  });
  const expected = reference.backward();
  const allNorm = Math.hypot(...[...expected.values()].map(normOf));
  for (const [name, gradient] of expected) {
    expectGradient(actual.parameterGradients.get(name)!, gradient, name, allNorm);
  }
}

/** Without Math.hypot, which cannot take a million arguments. */
const normOf = (values: Float64Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));

/** What the kernels drop, computed on the host: the samples are the texts themselves. */
function hostDropout({ rate, attentionRate, seed, step }: DropoutSettings, texts: PackedTexts): ReferenceDropout {
  const sampleOf = (token: number): number => texts.cumulative.findIndex((end) => token < end) - 1;
  const positionOf = (token: number): number => token - texts.cumulative[sampleOf(token)]!;
  const keyOf = (site: number): Pair => [seed, streamOf({ step, site })];
  return {
    activation: (site, token, channel) =>
      dropoutFactor(rate, keyOf(site), { sample: sampleOf(token), position: positionOf(token), channel }),
    attention: (site, query, key, head) => {
      const own = threefry2x32(keyOf(site), [sampleOf(query), head]);
      return dropoutFactor(attentionRate, own, { sample: positionOf(query), position: 0, channel: positionOf(key) });
    },
  };
}

describe('the BERT encoder', () => {
  it.each(cases)('equals the reference: $name', async ({ spec, lengths, task }) => {
    await compare(spec, randomTexts(lengths, spec.architecture.vocabularySize, 7), { task });
  });

  it.each([1, 2, 3])('gives the vectors of block %i of three as inner ones', async (innerLayer) => {
    await compare(tinySpec({ layers: 3 }), randomTexts([5, 1, 8], 50, 6), { innerLayer });
  });

  it("drops at the sites of transformers' BERT, forward and back", async () => {
    const texts = randomTexts([6, 1, 13, 9], 50, 4);
    const dropout: DropoutSettings = { rate: 0.3, attentionRate: 0.2, seed: 77, step: 5 };
    await compare(tinySpec(), texts, { dropout, mask: hostDropout(dropout, texts) });
  });

  it('holds no device memory afterwards', async () => {
    const gpu = await testGpu();
    const spec = tinySpec();
    const texts = randomTexts([5, 9, 2], 50, 3);
    const held: object[] = [];
    for (let pass = 0; pass < 6; pass++) {
      await runEncoder(spec, texts);
      const { persistent, pooled } = gpu.memory();
      held.push({ persistent, pooled });
    }
    // The pool hands out what fits, so it takes a few passes to have the buffers that a pass wants. A leak would go on.
    expect(held.at(-1)).toEqual(held.at(-2));
  });
});
