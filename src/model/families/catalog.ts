/** The encoder families, one row each. Everything else about a family is in `<name>.ts` beside this file. */
import type { CatalogEntry } from '../../catalog.ts';

/** Channels of the largest head for which attention has a kernel. */
export const largestHeadSize = 128 as const;

const layers = {
  name: 'layers',
  description: 'Number of transformer blocks, L.',
  type: 'int',
  default: 2,
  min: 1,
  max: 96,
} as const;
const width = {
  name: 'width',
  description: 'Width of the residual stream in channels, C.',
  type: 'int',
  default: 64,
  min: 8,
  max: 8192,
} as const;
const heads = {
  name: 'heads',
  description: 'Number of attention heads, H; a divisor of the width.',
  type: 'int',
  default: 4,
  min: 1,
  max: 128,
} as const;
const innerWidth = {
  name: 'innerWidth',
  description: 'Width of the feed-forward layer in channels, F.',
  type: 'int',
  default: 256,
  min: 8,
  max: 65536,
} as const;
const maxPositions = {
  name: 'maxPositions',
  description: 'Length of the longest text in tokens, special tokens included.',
  type: 'int',
  default: 512,
  min: 8,
  max: 32768,
} as const;
const sizes = [layers, width, heads, innerWidth, maxPositions] as const;
const ropeTheta = {
  name: 'ropeTheta',
  description: 'Base of the rotary angles; of global attention where local attention has its own.',
  type: 'float',
  default: 10_000,
  min: 1,
  max: 1e9,
} as const;
const keyValueHeads = {
  name: 'keyValueHeads',
  description: 'Number of heads of keys and values, a divisor of the number of heads; 0 = the same number.',
  type: 'int',
  default: 0,
  min: 0,
  max: 128,
} as const;
const causal = {
  name: 'causal',
  description: 'Whether a token attends only to itself and to earlier tokens.',
  type: 'boolean',
  default: true,
} as const;

/** Most tokens of a vocabulary; the largest published ones have about 900,000. */
export const largestVocabulary = 1_000_000;
/** Bytes of a tokenizer.json; the largest published ones have 35 million. */
export const largestTokenizerBytes = 128 * 2 ** 20;

/** The sizes that a model may have, whether it is made here or imported. */
export const sizeRanges = {
  ...{ layers, width, heads, innerWidth },
  /** A table of positions; in some families it counts from behind the padding token's id. */
  maxPositions: { min: maxPositions.min, max: 2 * maxPositions.max },
  /** Rotary positions take no memory: imported models may have more of them than new ones. */
  rotaryPositions: { min: maxPositions.min, max: 2 ** 20 },
  vocabularySize: { min: 1, max: largestVocabulary },
  localAttention: { min: 0, max: 32768 },
  globalEvery: { min: 1, max: 96 },
} as const;

/** The keys of config.json that have rates of dropout, and the rate that transformers takes for each without it. */
export interface DropoutKeys {
  /** Of activations: embeddings and the outputs of layers; empty = the family drops none. */
  readonly activations: readonly string[];
  /** Of attention weights. */
  readonly attention: string;
  readonly usual: number;
}

interface EncoderEntry extends CatalogEntry {
  readonly dropout: DropoutKeys;
}

const bertDropout = {
  activations: ['hidden_dropout_prob'],
  attention: 'attention_probs_dropout_prob',
  usual: 0.1,
} as const;
const decoderDropout = { activations: [], attention: 'attention_dropout', usual: 0 } as const;

export const encoderCatalog = [
  {
    name: 'bert',
    title: 'BERT',
    description: 'Bidirectional post-norm encoder with learned positions and exact GELU (BGE, MiniLM, E5, GTE).',
    source: 'Devlin et al. 2018, arXiv 1810.04805; parameter names of transformers',
    parameters: sizes,
    dropout: bertDropout,
  },
  {
    name: 'xlm-roberta',
    title: 'XLM-R / RoBERTa',
    description: "BERT's blocks with positions that count from the padding token's id + 1 (multilingual E5, BGE-M3).",
    source: 'Conneau et al. 2019, arXiv 1911.02116; parameter names of transformers',
    parameters: sizes,
    dropout: bertDropout,
  },
  {
    name: 'modernbert',
    title: 'ModernBERT',
    description:
      'Bidirectional pre-norm encoder with rotary positions, GeGLU and alternating local and global attention.',
    source: 'Warner et al. 2024, arXiv 2412.13663; parameter names of transformers',
    parameters: [
      ...sizes,
      { ...ropeTheta, default: 160_000 },
      {
        name: 'localRopeTheta',
        description: 'Base of the rotary angles of local attention.',
        type: 'float',
        default: 10_000,
        min: 1,
        max: 1e9,
      },
      {
        name: 'localAttention',
        description: 'Number of tokens that local attention spans, half of them on each side.',
        type: 'int',
        default: 128,
        ...sizeRanges.localAttention,
      },
      {
        name: 'globalEvery',
        description:
          'The interval of blocks with global attention, counted from the first block; the others attend locally.',
        type: 'int',
        default: 3,
        ...sizeRanges.globalEvery,
      },
    ],
    dropout: { activations: ['embedding_dropout', 'mlp_dropout'], attention: 'attention_dropout', usual: 0 },
  },
  {
    name: 'llama',
    title: 'Llama / MiniCPM',
    description: 'Pre-norm decoder with RMSNorm, rotary positions, grouped-query attention and SwiGLU.',
    source: 'Touvron et al. 2023, arXiv 2302.13971; Hu et al. 2024, arXiv 2404.06395; parameter names of transformers',
    parameters: [...sizes, ropeTheta, keyValueHeads, causal],
    dropout: decoderDropout,
  },
  {
    name: 'qwen3',
    title: 'Qwen3',
    description: "Llama's blocks with a head size of its own and normalised queries and keys (Qwen3-Embedding).",
    source: 'Yang et al. 2025, arXiv 2505.09388; parameter names of transformers',
    parameters: [
      ...sizes,
      { ...ropeTheta, default: 1_000_000 },
      keyValueHeads,
      {
        name: 'headSize',
        description: 'Channels of one attention head, D; 0 = the width divided by the number of heads.',
        type: 'int',
        default: 0,
        min: 0,
        max: largestHeadSize,
      },
      causal,
    ],
    dropout: decoderDropout,
  },
] as const satisfies readonly EncoderEntry[];

export type EncoderFamily = (typeof encoderCatalog)[number]['name'];

/** The family of a new model where none is named. */
export const defaultFamily: EncoderFamily = 'bert';
