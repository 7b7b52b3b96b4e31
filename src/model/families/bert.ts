/**
 * BERT (Devlin et al. 2018, arXiv 1810.04805): post-norm, learned positions, exact GELU. Parameter names of
 * transformers' BertModel; linear weights are [out, in].
 */
import { choiceField, integerField, type JsonFile } from '../json-fields.ts';
import type { Architecture, ArchitectureValues } from '../types.ts';
import type { DropoutRates, Family } from './family.ts';
import { checkHeads, epsilonField, refuseQuantized, sizeField } from './shared/config-checks.ts';
import { paddingConfig } from './shared/padding-config.ts';
import { layerNorm, linear } from './shared/parameter-rows.ts';

/** BERT's two segments; only the first is used. */
const segments = 2;

export const bert = {
  forward: 'bert',
  parameters: {
    embeddings: [
      ['embeddings.word_embeddings.weight', ['V', 'C'], 'embedding-padded'],
      ['embeddings.position_embeddings.weight', ['P', 'C'], 'normal'],
      ['embeddings.token_type_embeddings.weight', ['S', 'C'], 'normal'],
      ...layerNorm('embeddings.LayerNorm'),
    ],
    blockPrefix: 'encoder.layer.{i}.',
    block: [
      ...linear('attention.self.query', 'C', 'C'),
      ...linear('attention.self.key', 'C', 'C'),
      ...linear('attention.self.value', 'C', 'C'),
      ...linear('attention.output.dense', 'C', 'C'),
      ...layerNorm('attention.output.LayerNorm'),
      ...linear('intermediate.dense', 'F', 'C'),
      ...linear('output.dense', 'C', 'F'),
      ...layerNorm('output.LayerNorm'),
    ],
    final: [],
  },
  tensorNames: {
    prefixes: ['bert.'],
    // TensorFlow's names, in files of 2018 and 2019.
    endings: [
      ['LayerNorm.gamma', 'LayerNorm.weight'],
      ['LayerNorm.beta', 'LayerNorm.bias'],
    ],
    ignored:
      /^(cls|classifier|qa_outputs|lm_head|vocab_\w+|pre_classifier|dropout)\.|(^|\.)position_ids$|(^|\.)pooler\./,
  },
  configReaders: { bert: readBertConfig },
  defaultPadTokenId: 0,
  writeConfig: writeBertConfig,
  newArchitecture: ({ sizes }) => ({ ...sizes, typeVocabularySize: segments, layerNormEpsilon: 1e-12 }),
} as const satisfies Family<ArchitectureValues<'bert'>>;

export function readBertConfig(file: JsonFile): Architecture {
  choiceField(file, 'hidden_act', ['gelu']);
  choiceField(file, 'position_embedding_type', ['absolute']);
  choiceField(file, 'is_decoder', [false]);
  choiceField(file, 'is_causal', [false]);
  refuseQuantized(file);
  const width = sizeField(file, 'hidden_size', 'width');
  const heads = sizeField(file, 'num_attention_heads', 'heads');
  checkHeads(file, heads, width);
  return {
    layers: sizeField(file, 'num_hidden_layers', 'layers'),
    width,
    heads,
    innerWidth: sizeField(file, 'intermediate_size', 'innerWidth'),
    maxPositions: sizeField(file, 'max_position_embeddings', 'maxPositions'),
    vocabularySize: sizeField(file, 'vocab_size', 'vocabularySize'),
    typeVocabularySize: integerField(file, 'type_vocab_size'),
    layerNormEpsilon: epsilonField(file, 'layer_norm_eps', 1e-12),
  };
}

export function writeBertConfig(architecture: Architecture, dropout: DropoutRates) {
  return {
    architectures: ['BertModel'],
    attention_probs_dropout_prob: dropout['attention_probs_dropout_prob'],
    hidden_act: 'gelu',
    hidden_dropout_prob: dropout['hidden_dropout_prob'],
    hidden_size: architecture.width,
    initializer_range: 0.02,
    intermediate_size: architecture.innerWidth,
    layer_norm_eps: architecture.layerNormEpsilon,
    max_position_embeddings: architecture.maxPositions,
    model_type: 'bert',
    num_attention_heads: architecture.heads,
    num_hidden_layers: architecture.layers,
    ...paddingConfig(architecture),
    position_embedding_type: 'absolute',
    torch_dtype: 'float32',
    type_vocab_size: architecture.typeVocabularySize,
    vocab_size: architecture.vocabularySize,
  };
}
