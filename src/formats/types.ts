/** What a model folder says about its model. Plain types and data: every side reads them. */
import type { PromptTemplates } from '../data/types.ts';
import type { DenseActivation, EncoderFamily, Pooling } from '../nn/encoders/catalog.ts';

/** Sizes of an encoder. Letters: L blocks, C width, H heads, F inner width, V vocabulary. */
export interface Architecture {
  /** L */
  readonly layers: number;
  /** C */
  readonly width: number;
  /** H; divides C */
  readonly heads: number;
  /** F */
  readonly innerWidth: number;
  /** Rows of the position table. */
  readonly maxPositions: number;
  /** V */
  readonly vocabularySize: number;
  readonly typeVocabularySize: number;
  readonly layerNormEpsilon: number;
}

/** y = activation(x W^T + b), W [outFeatures, inFeatures]. */
export interface DenseLayer {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly bias: boolean;
  readonly activation: DenseActivation;
}

export const similarities = ['cosine', 'dot', 'euclidean', 'manhattan'] as const;
export type Similarity = (typeof similarities)[number];

/** Everything besides weights and tokenizer that a vector depends on. */
export interface ModelSpec {
  readonly family: EncoderFamily;
  readonly architecture: Architecture;
  readonly pooling: Pooling;
  /** Layers between pooling and the vector, in order. */
  readonly dense: readonly DenseLayer[];
  /** True: vectors end with length 1. Losses, searches and similarities take the cosine either way. */
  readonly normalize: boolean;
  /** What sentence-transformers compares the vectors by. */
  readonly similarity: Similarity;
  /** False: the prompt's tokens take part in attention, not in pooling. */
  readonly includePrompt: boolean;
  /** Longest text in tokens, special tokens included. */
  readonly maxLength: number;
  /** The tokenizer lowercases, whatever else it does (do_lower_case). */
  readonly lowerCase: boolean;
  readonly templates: PromptTemplates;
  /** Prompts by name, as sentence-transformers offers them. */
  readonly prompts: Readonly<Record<string, string>>;
  /** Name of the prompt that sentence-transformers takes where none is named. */
  readonly defaultPromptName: string | null;
  /** Digest of theta_0's folder; null = this is one, or it was imported. */
  readonly initialisation: string | null;
}

/** The part of a pipeline that models made here have in common: unit vectors straight from pooling. */
export const plainPipeline = {
  dense: [],
  normalize: true,
  similarity: 'cosine',
  lowerCase: false,
  defaultPromptName: null,
} as const satisfies Partial<ModelSpec>;

/** One parameter of an architecture, by the name it has in transformers. */
export interface ParameterShape {
  readonly name: string;
  readonly shape: readonly number[];
  /** What a new model starts with. `embedding-padded`: normal, with row 0 (padding) zero. */
  readonly init: 'normal' | 'embedding-padded' | 'ones' | 'zeros';
  /** Group of layer-wise fusion: `embeddings`, `layer.<i>`, or a head's name. */
  readonly group: string;
}

/** A tensor with its values, row-major. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
