/** What a model folder says about its model. Plain types and data: every side reads them. */
import type { EncoderFamily } from './families/catalog.ts';

/**
 * Sizes and choices that an encoder's arithmetic depends on. Letters: L blocks, C width, H heads, D head size, F inner width,
 * V vocabulary. What stands behind a `?` is not known to every family; its absence means what the comment says.
 */
export interface Architecture {
  /** L */
  readonly layers: number;
  /** C */
  readonly width: number;
  /** H */
  readonly heads: number;
  /** G, heads of keys and values, a divisor of H; absent = H. */
  readonly keyValueHeads?: number;
  /** D; absent = C / H. */
  readonly headSize?: number;
  /** F */
  readonly innerWidth: number;
  /** Rows of the position table; without such a table, the longest text in tokens. */
  readonly maxPositions: number;
  /** Row of a text's first position, pad_token_id + 1 of RoBERTa; absent = 0. Texts are shorter than the table by as much. */
  readonly positionOffset?: number;
  /** V */
  readonly vocabularySize: number;
  /** Rows of the segment table; 0 = there is none. */
  readonly typeVocabularySize: number;
  /** Of LayerNorm or of RMSNorm, whichever the family has. */
  readonly layerNormEpsilon: number;
  /** True: a token sees only itself and what stands before it. Absent = false. */
  readonly causal?: boolean;
  /** Base of the rotary angles, of global attention where there are two kinds; absent = there is no rotary embedding. */
  readonly ropeTheta?: number;
  /** Absent = angles are not stretched. */
  readonly ropeScaling?: RopeScaling;
  /** Base of the rotary angles of local attention. */
  readonly localRopeTheta?: number;
  /** Tokens that local attention spans, half of them (rounded down) on each side; absent = all attention is global. */
  readonly localAttention?: number;
  /** Every so-manieth block, the first included, attends globally; the others locally. */
  readonly globalEvery?: number;
  /** Biases of the attention's linear layers, of the feed-forward's, of the norms, where the family leaves the choice. */
  readonly attentionBias?: boolean;
  readonly feedForwardBias?: boolean;
  readonly normBias?: boolean;
  /** MiniCPM's scale_emb: factor on the word embeddings; absent = 1. */
  readonly embeddingScale?: number;
  /** MiniCPM's scale_depth: what is added to the residual stream is scaled by this / sqrt(L); absent = not scaled. */
  readonly depthScale?: number;
}

/**
 * How rotary angles are stretched for texts longer than those of pretraining. Source: transformers, modeling_rope_utils.py.
 * Factors are numbers above 0; originalPositions is the longest text of pretraining in tokens.
 */
export type RopeScaling =
  /** Every frequency by 1 / factor. */
  | { readonly type: 'linear'; readonly factor: number }
  /** Low frequencies by 1 / factor, high ones as they are, a ramp between them (Llama 3.1). */
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalPositions: number;
    }
  /** YaRN (Peng et al. 2023, arXiv 2309.00071): a ramp over channels; cosines and sines times attentionFactor. */
  | {
      readonly type: 'yarn';
      readonly factor: number;
      readonly originalPositions: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly attentionFactor: number;
      /** True: the ramp's bounds are whole channels. */
      readonly truncate: boolean;
    };

/** Names of pooling modes, in the order in which sentence-transformers' older files join several. */
export const poolingModes = ['cls', 'max', 'mean', 'mean_sqrt_len', 'weightedmean', 'lasttoken'] as const;
export type PoolingMode = (typeof poolingModes)[number];

/** One mode, or at least two whose vectors are joined end to end in this order. */
export type Pooling = PoolingMode | readonly PoolingMode[];

/** The function that follows a dense layer. */
export type DenseActivation = 'tanh' | 'identity';

/** y = activation(x W^T + b), W [outFeatures, inFeatures]. */
export interface DenseLayer {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly bias: boolean;
  readonly activation: DenseActivation;
}

/** Templates of a model: how a prompt is made. `{task}` stands for the task instruction; absent = no prompt. */
export interface PromptTemplates {
  readonly query: string;
  readonly sts: string;
  readonly passage: string;
}

/** Which template a text is built with. */
export type TextRole = 'query' | 'sts' | 'passage';

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
  /**
   * Ranges of rows that are used one by one, never across their borders: so many equal ones of a fused layer, or `rows`, any
   * number of a table. Absent = it is used whole. Files hold every tensor whole.
   */
  readonly parts?: number | 'rows';
  /** Group of layer-wise fusion: `embeddings`, `layer.<i>`, `final`, or a head's name. */
  readonly group: string;
}

/** A tensor with its values, row-major. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}
