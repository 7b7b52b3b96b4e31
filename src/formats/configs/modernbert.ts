/** transformers' config.json of a ModernBERT, both ways. Read as transformers 4 and 5 write it; written as both read it. */

import { booleanField, choiceField, integerField, type JsonFile, wrongField } from '../../model/json-fields.ts';
import type { Architecture } from '../../model/types.ts';
import { checkHeads, checkRotary, epsilonField, refuseQuantized } from './fields.ts';
import { readRopeByKind } from './rope.ts';

export function readModernBertConfig(file: JsonFile): Architecture {
  refuseQuantized(file);
  choiceField(file, 'hidden_activation', ['gelu']);
  const layers = integerField(file, 'num_hidden_layers');
  const width = integerField(file, 'hidden_size');
  const heads = integerField(file, 'num_attention_heads');
  checkHeads(file, heads, width);
  checkRotary(file, 'num_attention_heads', width / heads);
  return {
    layers,
    width,
    heads,
    innerWidth: integerField(file, 'intermediate_size'),
    maxPositions: integerField(file, 'max_position_embeddings'),
    vocabularySize: integerField(file, 'vocab_size'),
    typeVocabularySize: 0,
    layerNormEpsilon: epsilonField(file, 'norm_eps', 1e-5),
    ...readRopeByKind(file),
    localAttention: integerField(file, 'local_attention', 0, 128),
    globalEvery: readGlobalEvery(file, layers),
    attentionBias: booleanField(file, 'attention_bias', false),
    feedForwardBias: booleanField(file, 'mlp_bias', false),
    normBias: booleanField(file, 'norm_bias', false),
  };
}

/** transformers 5 lists the kind of every block; every list that the older number can say is understood. */
function readGlobalEvery(file: JsonFile, layers: number): number {
  const types = file.fields['layer_types'] ?? undefined;
  if (types === undefined) return integerField(file, 'global_attn_every_n_layers', 1, 3);
  const expected = 'full_attention in every so-manieth place, the first included, and sliding_attention in all others';
  if (!Array.isArray(types) || types.length !== layers) throw wrongField(file.path, 'layer_types', types, expected);
  const second = types.indexOf('full_attention', 1);
  const every = second < 0 ? layers : second;
  const matches = types.every((type, i) => type === (i % every === 0 ? 'full_attention' : 'sliding_attention'));
  if (!matches) throw wrongField(file.path, 'layer_types', types, expected);
  return every;
}

/** Absent, they would be those of the published models, beyond a smaller vocabulary. The tokenizer has the true ones. */
const unknownTokens = { bos_token_id: null, cls_token_id: null, eos_token_id: null, sep_token_id: null };

export function modernBertConfig(architecture: Architecture, padTokenId: number) {
  const { globalEvery = 3, localAttention = 128, ropeTheta = 160_000, localRopeTheta = 10_000 } = architecture;
  return {
    architectures: ['ModernBertModel'],
    attention_bias: architecture.attentionBias ?? false,
    attention_dropout: 0,
    ...unknownTokens,
    embedding_dropout: 0,
    global_attn_every_n_layers: globalEvery,
    global_rope_theta: ropeTheta,
    hidden_activation: 'gelu',
    hidden_size: architecture.width,
    intermediate_size: architecture.innerWidth,
    local_attention: localAttention,
    local_rope_theta: localRopeTheta,
    max_position_embeddings: architecture.maxPositions,
    mlp_bias: architecture.feedForwardBias ?? false,
    mlp_dropout: 0,
    model_type: 'modernbert',
    norm_bias: architecture.normBias ?? false,
    norm_eps: architecture.layerNormEpsilon,
    num_attention_heads: architecture.heads,
    num_hidden_layers: architecture.layers,
    pad_token_id: padTokenId,
    torch_dtype: 'float32',
    vocab_size: architecture.vocabularySize,
  };
}
