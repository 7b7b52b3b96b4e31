/** What a model is: its spec, architecture and parameters. Plain types and data, which every layer may read. */
import type { ParametersOf, RowOf } from '../catalog-parameters.ts';
import type { Task } from '../data/types.ts';
import type { EncoderFamily, encoderCatalog } from './families/catalog.ts';

/**
 * Sizes and choices that an encoder's arithmetic depends on. Letters: L blocks, C width, H heads, D head size, F inner
 * width, V vocabulary. Not every family has the optional ones; the comments say what their absence means.
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
  /**
   * Row of a text's first position (RoBERTa: pad_token_id + 1); absent = 0. The longest text is that much shorter than
   * the table.
   */
  readonly positionOffset?: number;
  /** config.json's pad_token_id as it stands, for transformers; absent and null are kept apart. */
  readonly padTokenId?: number | null;
  /** Row of the word table that training leaves as it is but for weight decay (padding_idx in torch); absent = none. */
  readonly frozenRow?: number;
  /** Rates of dropout by config.json's keys; absent ones are transformers' for the family (families/catalog.ts). */
  readonly dropout?: Readonly<Record<string, number>>;
  /** V */
  readonly vocabularySize: number;
  /** Rows of the segment table; 0 = there is none. */
  readonly typeVocabularySize: number;
  /** Epsilon of LayerNorm, or of RMSNorm in families that have it. */
  readonly layerNormEpsilon: number;
  /** True: a token attends only to itself and to earlier tokens. Absent = false. */
  readonly causal?: boolean;
  /** Base of the rotary angles, of global attention where local has its own; absent = no rotary embedding. */
  readonly ropeTheta?: number;
  /** Absent = angles are not scaled. */
  readonly ropeScaling?: RopeScaling;
  /** Base of the rotary angles of local attention. */
  readonly localRopeTheta?: number;
  /** Tokens that local attention spans, half of them (rounded down) on each side; absent = all attention is global. */
  readonly localAttention?: number;
  /** n: blocks 0, n, 2n, ... attend globally, the others locally. */
  readonly globalEvery?: number;
  /**
   * Biases of the attention's linear layers, of the feed-forward's and of the norms, in families where they are
   * optional.
   */
  readonly attentionBias?: boolean;
  readonly feedForwardBias?: boolean;
  readonly normBias?: boolean;
  /** MiniCPM's scale_emb: factor on the word embeddings; absent = 1. */
  readonly embeddingScale?: number;
  /** MiniCPM's scale_depth: changes of the residual stream are scaled by this / sqrt(L); absent = not scaled. */
  readonly depthScale?: number;
}

/**
 * How rotary angles are scaled for texts longer than those of pretraining. Source: transformers,
 * modeling_rope_utils.py. Factors are numbers above 0; originalPositions is the longest text of pretraining in tokens.
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
      /** True: the ramp's bounds are rounded to whole channels. */
      readonly truncate: boolean;
    };

/** What a run of a model drops where it is told nothing else. */
export interface ModelDropout {
  /** Of activations; null = the model has several rates, of which a run has to name one. */
  readonly dropout: number | null;
  /** Of attention weights. */
  readonly attentionDropout: number;
}

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

/** What a task's head is: nothing, or a dense layer of the model's own width without a bias. */
export const headKinds = ['none', 'dense'] as const;
export type HeadKind = (typeof headKinds)[number];

/** The last layer of each task's own, behind all that the tasks share and before the vector gets its length. */
export type Heads = Readonly<Record<Task, HeadKind>>;

export const noHeads: Heads = { ir: 'none', sts: 'none' };

/** Templates of a model: how a prompt is made. `{task}` stands for the task instruction; absent = no prompt. */
export interface PromptTemplates {
  readonly query: string;
  readonly sts: string;
  readonly passage: string;
}

/** Which template a text is built with. */
export type TextRole = 'query' | 'sts' | 'passage';

/** The task that a role belongs to: the one whose head makes its vectors. */
export const taskOfRole: Readonly<Record<TextRole, Task>> = { query: 'ir', passage: 'ir', sts: 'sts' };

export const similarities = ['cosine', 'dot', 'euclidean', 'manhattan'] as const;
export type Similarity = (typeof similarities)[number];

/** Everything besides weights and tokenizer that a vector depends on. */
export interface ModelSpec {
  readonly family: EncoderFamily;
  readonly architecture: Architecture;
  readonly pooling: Pooling;
  /** Layers between pooling and the vector, in order. */
  readonly dense: readonly DenseLayer[];
  readonly heads: Heads;
  /** True: vectors end with length 1. Losses, searches and similarities take the cosine either way. */
  readonly normalize: boolean;
  /** The function by which sentence-transformers compares vectors. */
  readonly similarity: Similarity;
  /** False: the prompt's tokens take part in attention, not in pooling. */
  readonly includePrompt: boolean;
  /** Longest text in tokens, special tokens included. */
  readonly maxLength: number;
  /** True: the tokenizer lowercases texts before anything else (do_lower_case). */
  readonly lowerCase: boolean;
  readonly templates: PromptTemplates;
  /** Prompts by name, as sentence-transformers offers them. */
  readonly prompts: Readonly<Record<string, string>>;
  /** Name of the prompt that sentence-transformers uses by default. */
  readonly defaultPromptName: string | null;
  /** Digest of the model folder that training began with (theta_0); null for a model that was created or imported. */
  readonly initialisation: string | null;
}

/** The pipeline of every new model after its pooling: unit vectors, no dense layers, no heads. */
export const plainPipeline = {
  dense: [],
  heads: noHeads,
  normalize: true,
  similarity: 'cosine',
  lowerCase: false,
  defaultPromptName: null,
} as const satisfies Partial<ModelSpec>;

/** One parameter of an architecture, by the name it has in transformers. */
export interface ParameterShape {
  readonly name: string;
  readonly shape: readonly number[];
  /** Initial values. `embedding-padded`: normal, with row 0 (padding) zero; `identity`: a square matrix. */
  readonly init: 'normal' | 'embedding-padded' | 'ones' | 'zeros' | 'identity';
  /**
   * Ranges of rows that are used one by one, never across their borders: this number of equal ranges (a fused layer),
   * or ranges of any size (`rows`, a table). Absent = the tensor is used whole. Files hold every tensor whole.
   */
  readonly parts?: number | 'rows';
  /** Group of layer-wise fusion: `embeddings`, `layer.<i>`, `final`, `dense.<i>`, or `heads.<task>`. */
  readonly group: string;
}

/** A tensor with its values, row-major. */
export interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Parameters of a family's catalog row, complete. */
export type ArchitectureValues<Name extends EncoderFamily = EncoderFamily> = ParametersOf<
  RowOf<typeof encoderCatalog, Name>
>;
