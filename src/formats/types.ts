/** What a model folder says about its model. Plain types and data: every side reads them. */
import type { PromptTemplates } from '../data/types.ts';
import type { EncoderFamily, PoolingMode } from '../nn/encoders/catalog.ts';

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

/** Everything besides weights and tokenizer that a vector depends on. */
export interface ModelSpec {
  readonly family: EncoderFamily;
  readonly architecture: Architecture;
  readonly pooling: PoolingMode;
  /** False: the prompt's tokens take part in attention, not in pooling. */
  readonly includePrompt: boolean;
  /** Longest text in tokens, special tokens included. */
  readonly maxLength: number;
  readonly templates: PromptTemplates;
  /** Digest of theta_0's folder; null = this is one, or it was imported. */
  readonly initialisation: string | null;
}

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
