/**
 * ModernBERT (Warner et al. 2024, arXiv 2412.13663): pre-norm LayerNorm, rotary positions with two bases, GeGLU, local
 * attention in all blocks but every globalEvery-th. Parameter names of transformers' ModernBertModel. Wqkv and Wi are
 * fused: q, k, v; input, gate. config.json is read as transformers 4 and 5 write it, and written so that both read it.
 */
import { booleanField, choiceField, type JsonFile, wrongField } from '../json-fields.ts';
import type { Architecture, ArchitectureValues } from '../types.ts';
import type { DropoutRates, Family } from './family.ts';
import { checkHeads, checkRotary, epsilonField, refuseQuantized, sizeField } from './shared/config-checks.ts';
import { paddingConfig } from './shared/padding-config.ts';
import { linear } from './shared/parameter-rows.ts';
import { readRopeByKind } from './shared/rope-config.ts';

export const modernBert = {
  forward: 'modernbert',
  parameters: {
    embeddings: [
      ['embeddings.tok_embeddings.weight', ['V', 'C'], 'embedding-padded'],
      ['embeddings.norm.weight', ['C'], 'ones'],
      ['embeddings.norm.bias', ['C'], 'zeros', 'normBias'],
    ],
    blockPrefix: 'layers.{i}.',
    block: [
      ['attn_norm.weight', ['C'], 'ones', 'not-first'],
      ['attn_norm.bias', ['C'], 'zeros', 'normBias, not-first'],
      ...linear('attn.Wqkv', '3C', 'C', 'attentionBias'),
      ...linear('attn.Wo', 'C', 'C', 'attentionBias'),
      ['mlp_norm.weight', ['C'], 'ones'],
      ['mlp_norm.bias', ['C'], 'zeros', 'normBias'],
      ...linear('mlp.Wi', '2F', 'C', 'feedForwardBias'),
      ...linear('mlp.Wo', 'C', 'F', 'feedForwardBias'),
    ],
    final: [
      ['final_norm.weight', ['C'], 'ones'],
      ['final_norm.bias', ['C'], 'zeros', 'normBias'],
    ],
  },
  tensorNames: { prefixes: ['model.'], endings: [], ignored: /^(head|decoder|classifier)\./ },
  configReaders: { modernbert: readConfig },
  defaultPadTokenId: 50_283,
  writeConfig,
  newArchitecture: ({ sizes, values }) => ({
    ...sizes,
    typeVocabularySize: 0,
    layerNormEpsilon: 1e-5,
    ropeTheta: values.ropeTheta,
    localRopeTheta: values.localRopeTheta,
    localAttention: values.localAttention,
    globalEvery: values.globalEvery,
    attentionBias: false,
    feedForwardBias: false,
    normBias: false,
  }),
} as const satisfies Family<ArchitectureValues<'modernbert'>>;

function readConfig(file: JsonFile): Architecture {
  refuseQuantized(file);
  choiceField(file, 'hidden_activation', ['gelu']);
  choiceField(file, 'is_causal', [false]);
  const layers = sizeField(file, 'num_hidden_layers', 'layers');
  const width = sizeField(file, 'hidden_size', 'width');
  const heads = sizeField(file, 'num_attention_heads', 'heads');
  checkHeads(file, heads, width);
  checkRotary(file, 'num_attention_heads', width / heads);
  return {
    layers,
    width,
    heads,
    innerWidth: sizeField(file, 'intermediate_size', 'innerWidth'),
    maxPositions: sizeField(file, 'max_position_embeddings', 'rotaryPositions'),
    vocabularySize: sizeField(file, 'vocab_size', 'vocabularySize'),
    typeVocabularySize: 0,
    layerNormEpsilon: epsilonField(file, 'norm_eps', 1e-5),
    ...readRopeByKind(file),
    localAttention: readLocalAttention(file),
    globalEvery: readGlobalEvery(file, layers),
    attentionBias: booleanField(file, 'attention_bias', false),
    feedForwardBias: booleanField(file, 'mlp_bias', false),
    normBias: booleanField(file, 'norm_bias', false),
  };
}

/** In transformers 5 a `sliding_window`, half the span, takes precedence over `local_attention`. */
function readLocalAttention(file: JsonFile): number {
  const span = sizeField(file, 'local_attention', 'localAttention', 128);
  const half = file.fields['sliding_window'] ?? null;
  if (half === null || half === Math.floor(span / 2)) return span;
  throw wrongField(file.path, 'sliding_window', half, `null, or half of local_attention, ${Math.floor(span / 2)}`);
}

/** transformers 5 lists the kind of every block; lists that the older single number can express are accepted. */
function readGlobalEvery(file: JsonFile, layers: number): number {
  const types = file.fields['layer_types'] ?? undefined;
  if (types === undefined) return sizeField(file, 'global_attn_every_n_layers', 'globalEvery', 3);
  const expected = 'full_attention in every n-th place, the first included, and sliding_attention in all others';
  if (!Array.isArray(types) || types.length !== layers) throw wrongField(file.path, 'layer_types', types, expected);
  const second = types.indexOf('full_attention', 1);
  const every = second < 0 ? layers : second;
  const matches = types.every((type, i) => type === (i % every === 0 ? 'full_attention' : 'sliding_attention'));
  if (!matches) throw wrongField(file.path, 'layer_types', types, expected);
  return every;
}

/** Without these keys transformers takes the published models' ids, which a smaller vocabulary may lack. */
const unknownTokens = { bos_token_id: null, cls_token_id: null, eos_token_id: null, sep_token_id: null };

function writeConfig(architecture: Architecture, dropout: DropoutRates): object {
  const { globalEvery = 3, localAttention = 128, ropeTheta = 160_000, localRopeTheta = 10_000 } = architecture;
  return {
    architectures: ['ModernBertModel'],
    attention_bias: architecture.attentionBias ?? false,
    attention_dropout: dropout['attention_dropout'],
    ...unknownTokens,
    embedding_dropout: dropout['embedding_dropout'],
    global_attn_every_n_layers: globalEvery,
    global_rope_theta: ropeTheta,
    hidden_activation: 'gelu',
    hidden_size: architecture.width,
    intermediate_size: architecture.innerWidth,
    local_attention: localAttention,
    local_rope_theta: localRopeTheta,
    max_position_embeddings: architecture.maxPositions,
    mlp_bias: architecture.feedForwardBias ?? false,
    mlp_dropout: dropout['mlp_dropout'],
    model_type: 'modernbert',
    norm_bias: architecture.normBias ?? false,
    norm_eps: architecture.layerNormEpsilon,
    num_attention_heads: architecture.heads,
    num_hidden_layers: architecture.layers,
    ...paddingConfig(architecture),
    torch_dtype: 'float32',
    vocab_size: architecture.vocabularySize,
  };
}
