/** Small encoders with random weights and random texts, for the tests of nn/, train/ and serve/. */

import type { Gpu } from '../../src/device/types.ts';
import { modelParameters } from '../../src/model/pipeline.ts';
import { type Encoder, loadEncoder } from '../../src/nn/encoders/encoder.ts';
import type { EncoderSpec } from '../../src/nn/types.ts';
import type { PackedTexts } from '../../src/tokens/types.ts';
import { random } from '../device.ts';

export type Weights = ReadonlyMap<string, Float32Array>;

/** A BERT of the given sizes; everything else small. */
export const tinySpec = (
  sizes: Partial<EncoderSpec['architecture']> = {},
  pooling: EncoderSpec['pooling'] = 'mean',
): EncoderSpec => ({
  family: 'bert',
  architecture: {
    layers: 2,
    width: 16,
    heads: 2,
    innerWidth: 32,
    maxPositions: 40,
    vocabularySize: 50,
    typeVocabularySize: 2,
    layerNormEpsilon: 1e-12,
    ...sizes,
  },
  pooling,
});

/**
 * Weights under which activations stay of order 1: matrices normal with deviation 0.8 / sqrt(C), LayerNorm near 1,
 * biases near 0.
 */
export function randomWeights(spec: EncoderSpec, seed: number): Weights {
  const deviation = 0.8 / Math.sqrt(spec.architecture.width);
  const generator = random(seed);
  return new Map(
    modelParameters(spec).map(({ name, shape, init }) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const values = generator.floats(count, deviation);
      return [name, init === 'ones' ? values.map((value) => 1 + value) : values];
    }),
  );
}

const sourceOf = (weights: Weights) => ({
  read: async (name: string): Promise<Float32Array> => weights.get(name)!,
});

export const tinyEncoder = (gpu: Gpu, spec: EncoderSpec, weights: Weights, training = true): Promise<Encoder> =>
  loadEncoder(gpu, spec, sourceOf(weights), { training, dropout: training });

/** Texts of the given lengths; some begin with a prompt that is not pooled. */
export function randomTexts(lengths: readonly number[], vocabularySize: number, seed: number): PackedTexts {
  const generator = random(seed);
  const cumulative = new Uint32Array(lengths.length + 1);
  lengths.forEach((length, text) => {
    cumulative[text + 1] = cumulative[text]! + length;
  });
  return {
    ids: generator.integers(cumulative[lengths.length]!, vocabularySize),
    cumulative,
    poolStart: Uint32Array.from(lengths, (length, text) => (text % 3 === 1 ? Math.min(2, length - 1) : 0)),
  };
}

/** Lengths from 1 to `longest`, seeded. */
export const randomLengths = (count: number, longest: number, seed: number): number[] => {
  const generator = random(seed);
  return Array.from({ length: count }, () => 1 + generator.integer(longest));
};

/** The same texts so many times. */
export function repeated({ ids, cumulative, poolStart }: PackedTexts, times: number): PackedTexts {
  const [tokens, count] = [ids.length, poolStart.length];
  return {
    ids: Uint32Array.from({ length: times * tokens }, (_, i) => ids[i % tokens]!),
    cumulative: Uint32Array.from(
      { length: times * count + 1 },
      (_, i) => Math.floor(i / count) * tokens + cumulative[i % count]!,
    ),
    poolStart: Uint32Array.from({ length: times * count }, (_, i) => poolStart[i % count]!),
  };
}
