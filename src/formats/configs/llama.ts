/** transformers' config.json of Llama and of MiniCPM (whose code lies on the hub), both ways. */
import { largestHeadSize } from '../../model/families/catalog.ts';
import {
  booleanField,
  choiceField,
  integerField,
  type JsonFile,
  positiveField,
  wrongField,
} from '../../model/json-fields.ts';
import type { Architecture } from '../../model/types.ts';
import { checkHeads, checkRotary, epsilonField, refuseQuantized } from './fields.ts';
import { readRope, ropeConfig } from './rope.ts';

/** Fields that Llama, MiniCPM and Qwen3 share. */
export function readDecoderConfig(file: JsonFile): Architecture {
  refuseQuantized(file);
  choiceField(file, 'hidden_act', ['silu']);
  const width = integerField(file, 'hidden_size');
  const heads = integerField(file, 'num_attention_heads');
  const keyValueHeads = integerField(file, 'num_key_value_heads', 1, heads);
  if (heads % keyValueHeads !== 0) {
    throw wrongField(file.path, 'num_key_value_heads', keyValueHeads, `a divisor of num_attention_heads, ${heads}`);
  }
  refuseWindows(file);
  return {
    layers: integerField(file, 'num_hidden_layers'),
    width,
    heads,
    keyValueHeads,
    headSize: readHeadSize(file, width, heads),
    innerWidth: integerField(file, 'intermediate_size'),
    maxPositions: integerField(file, 'max_position_embeddings'),
    vocabularySize: integerField(file, 'vocab_size'),
    typeVocabularySize: 0,
    layerNormEpsilon: epsilonField(file, 'rms_norm_eps', 1e-6),
    causal: booleanField(file, 'is_causal', true),
    ...readRope(file),
    attentionBias: booleanField(file, 'attention_bias', false),
  };
}

/** head_dim, or what the width leaves each head. */
function readHeadSize(file: JsonFile, width: number, heads: number): number {
  if ((file.fields['head_dim'] ?? undefined) === undefined) {
    checkHeads(file, heads, width);
    checkRotary(file, 'num_attention_heads', width / heads);
    return width / heads;
  }
  const size = integerField(file, 'head_dim', 1);
  if (size > largestHeadSize) throw wrongField(file.path, 'head_dim', size, `at most ${largestHeadSize} channels`);
  checkRotary(file, 'head_dim', size);
  return size;
}

/** Sliding windows belong to other families. Qwen3 names one and leaves it unused. */
function refuseWindows({ path, fields }: JsonFile): void {
  const window = fields['sliding_window'] ?? null;
  const unused = fields['use_sliding_window'] === false;
  if (window !== null && !unused)
    throw wrongField(path, 'sliding_window', window, 'null: every block sees the whole text');
  const types = fields['layer_types'] ?? [];
  if (!Array.isArray(types) || types.some((type) => type !== 'full_attention')) {
    throw wrongField(path, 'layer_types', types, 'full_attention in every place');
  }
}

export function readLlamaConfig(file: JsonFile): Architecture {
  return { ...readDecoderConfig(file), feedForwardBias: booleanField(file, 'mlp_bias', false) };
}

/** Defaults are those of MiniCPM's own configuration class. */
export function readMiniCpmConfig(file: JsonFile): Architecture {
  choiceField(file, 'num_experts', [0]);
  return {
    ...readLlamaConfig(file),
    embeddingScale: positiveField(file, 'scale_emb', 1),
    depthScale: positiveField(file, 'scale_depth', 1),
  };
}

/** Fields that Llama, MiniCPM and Qwen3 share. */
export function decoderConfig(architecture: Architecture, padTokenId: number) {
  return {
    attention_bias: architecture.attentionBias ?? false,
    attention_dropout: 0,
    head_dim: architecture.headSize ?? architecture.width / architecture.heads,
    hidden_act: 'silu',
    hidden_size: architecture.width,
    intermediate_size: architecture.innerWidth,
    is_causal: architecture.causal ?? false,
    max_position_embeddings: architecture.maxPositions,
    num_attention_heads: architecture.heads,
    num_hidden_layers: architecture.layers,
    num_key_value_heads: architecture.keyValueHeads ?? architecture.heads,
    pad_token_id: padTokenId,
    rms_norm_eps: architecture.layerNormEpsilon,
    ...ropeConfig(architecture),
    torch_dtype: 'float32',
    vocab_size: architecture.vocabularySize,
  };
}

/** A model with MiniCPM's scalings is written as a MiniCPM. */
export function llamaConfig(architecture: Architecture, padTokenId: number) {
  const { embeddingScale, depthScale } = architecture;
  const common = { ...decoderConfig(architecture, padTokenId), mlp_bias: architecture.feedForwardBias ?? false };
  if (embeddingScale === undefined && depthScale === undefined) {
    return { ...common, architectures: ['LlamaModel'], model_type: 'llama' };
  }
  return {
    ...common,
    architectures: ['MiniCPMModel'],
    model_type: 'minicpm',
    scale_depth: depthScale ?? Math.sqrt(architecture.layers),
    scale_emb: embeddingScale ?? 1,
  };
}
