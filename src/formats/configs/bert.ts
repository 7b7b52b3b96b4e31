/** transformers' config.json of a BERT, both ways. */

import { choiceField, integerField, type JsonFile } from '../../model/json-fields.ts';
import type { Architecture } from '../../model/types.ts';
import { checkHeads, epsilonField, refuseQuantized } from './fields.ts';

export function readBertConfig(file: JsonFile): Architecture {
  choiceField(file, 'hidden_act', ['gelu']);
  choiceField(file, 'position_embedding_type', ['absolute']);
  choiceField(file, 'is_decoder', [false]);
  refuseQuantized(file);
  const width = integerField(file, 'hidden_size');
  const heads = integerField(file, 'num_attention_heads');
  checkHeads(file, heads, width);
  return {
    layers: integerField(file, 'num_hidden_layers'),
    width,
    heads,
    innerWidth: integerField(file, 'intermediate_size'),
    maxPositions: integerField(file, 'max_position_embeddings'),
    vocabularySize: integerField(file, 'vocab_size'),
    typeVocabularySize: integerField(file, 'type_vocab_size'),
    layerNormEpsilon: epsilonField(file, 'layer_norm_eps', 1e-12),
  };
}

export const bertConfig = (architecture: Architecture, padTokenId: number) => ({
  architectures: ['BertModel'],
  attention_probs_dropout_prob: 0.1,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  hidden_size: architecture.width,
  initializer_range: 0.02,
  intermediate_size: architecture.innerWidth,
  layer_norm_eps: architecture.layerNormEpsilon,
  max_position_embeddings: architecture.maxPositions,
  model_type: 'bert',
  num_attention_heads: architecture.heads,
  num_hidden_layers: architecture.layers,
  pad_token_id: padTokenId,
  position_embedding_type: 'absolute',
  torch_dtype: 'float32',
  type_vocab_size: architecture.typeVocabularySize,
  vocab_size: architecture.vocabularySize,
});
