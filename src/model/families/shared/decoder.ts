/** What Llama, MiniCPM and Qwen3 share: parameters, tensor names, fields of config.json, sizes of a new model. */

import { booleanField, choiceField, integerField, type JsonFile, wrongField } from '../../json-fields.ts';
import type { Architecture, ArchitectureValues } from '../../types.ts';
import { largestHeadSize } from '../catalog.ts';
import type { DropoutRates, NewArchitecture, ParameterRow, ParameterTable, TensorNames } from '../family.ts';
import { checkHeads, checkRotary, epsilonField, refuseQuantized, sizeField } from './config-checks.ts';
import { paddingConfig } from './padding-config.ts';
import { linear, rmsNorm } from './parameter-rows.ts';
import { readRope, ropeConfig } from './rope-config.ts';
import { wrongSize } from './wrong-size.ts';

const attention = [
  ...linear('self_attn.q_proj', 'Q', 'C', 'attentionBias'),
  ...linear('self_attn.k_proj', 'K', 'C', 'attentionBias'),
  ...linear('self_attn.v_proj', 'K', 'C', 'attentionBias'),
  ...linear('self_attn.o_proj', 'C', 'Q', 'attentionBias'),
];
const feedForward = [
  rmsNorm('post_attention_layernorm'),
  ...linear('mlp.gate_proj', 'F', 'C', 'feedForwardBias'),
  ...linear('mlp.up_proj', 'F', 'C', 'feedForwardBias'),
  ...linear('mlp.down_proj', 'C', 'F', 'feedForwardBias'),
];

/** Parameters by the names of transformers' decoders; `headNorms` are those of queries and keys. */
export const decoderParameters = (headNorms: readonly ParameterRow[] = []): ParameterTable => ({
  embeddings: [['embed_tokens.weight', ['V', 'C'], 'embedding-padded']],
  blockPrefix: 'layers.{i}.',
  block: [rmsNorm('input_layernorm'), ...attention, ...headNorms, ...feedForward],
  final: [rmsNorm('norm')],
});

export const decoderTensorNames: TensorNames = {
  prefixes: ['model.'],
  endings: [],
  ignored: /^(lm_head|score|classifier|head)\.|(^|\.)rotary_emb\.inv_freq$/,
};

/** Fields of config.json that all decoders have. */
export function readDecoderConfig(file: JsonFile): Architecture {
  refuseQuantized(file);
  choiceField(file, 'hidden_act', ['silu']);
  const width = sizeField(file, 'hidden_size', 'width');
  const heads = sizeField(file, 'num_attention_heads', 'heads');
  const keyValueHeads = integerField(file, 'num_key_value_heads', 1, heads);
  if (heads % keyValueHeads !== 0) {
    throw wrongField(file.path, 'num_key_value_heads', keyValueHeads, `a divisor of num_attention_heads, ${heads}`);
  }
  refuseWindows(file);
  return {
    layers: sizeField(file, 'num_hidden_layers', 'layers'),
    width,
    heads,
    keyValueHeads,
    headSize: readHeadSize(file, width, heads),
    innerWidth: sizeField(file, 'intermediate_size', 'innerWidth'),
    maxPositions: sizeField(file, 'max_position_embeddings', 'rotaryPositions'),
    vocabularySize: sizeField(file, 'vocab_size', 'vocabularySize'),
    typeVocabularySize: 0,
    layerNormEpsilon: epsilonField(file, 'rms_norm_eps', 1e-6),
    causal: booleanField(file, 'is_causal', true),
    ...readRope(file),
    attentionBias: booleanField(file, 'attention_bias', false),
  };
}

/** head_dim; where it is absent, the width divided by the heads. */
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

/** Throws for sliding windows. Qwen3 configures one and does not use it. */
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

/** The inverse of {@link readDecoderConfig}. */
export function decoderConfig(architecture: Architecture, dropout: DropoutRates) {
  return {
    attention_bias: architecture.attentionBias ?? false,
    attention_dropout: dropout['attention_dropout'],
    head_dim: architecture.headSize ?? architecture.width / architecture.heads,
    hidden_act: 'silu',
    hidden_size: architecture.width,
    intermediate_size: architecture.innerWidth,
    is_causal: architecture.causal ?? false,
    max_position_embeddings: architecture.maxPositions,
    num_attention_heads: architecture.heads,
    num_hidden_layers: architecture.layers,
    num_key_value_heads: architecture.keyValueHeads ?? architecture.heads,
    ...paddingConfig(architecture),
    rms_norm_eps: architecture.layerNormEpsilon,
    ...ropeConfig(architecture),
    torch_dtype: 'float32',
    vocab_size: architecture.vocabularySize,
  };
}

/** The parameters that every decoder's catalog row has. */
type DecoderValues = Pick<ArchitectureValues<'llama' | 'qwen3'>, 'keyValueHeads' | 'causal' | 'ropeTheta'>;

export function newDecoder({ sizes, headSize, values }: NewArchitecture<DecoderValues>): Architecture {
  const { heads } = sizes;
  const keyValueHeads = values.keyValueHeads || heads;
  if (heads % keyValueHeads !== 0) {
    throw wrongSize('keyValueHeads', keyValueHeads, `a divisor of the heads, ${heads}`);
  }
  return {
    ...sizes,
    keyValueHeads,
    headSize,
    typeVocabularySize: 0,
    layerNormEpsilon: 1e-6,
    causal: values.causal,
    ropeTheta: values.ropeTheta,
    attentionBias: false,
  };
}
