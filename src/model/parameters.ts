/** Parameters of every encoder family as data: nn lays them out, formats reads and writes them, fusion groups them. */
import type { EncoderFamily } from './families/catalog.ts';
import type { Architecture, ParameterShape } from './types.ts';

type Init = ParameterShape['init'];
/** C, F, V, P (positions), S (segment types), D (head size), Q = H * D, K = G * D (keys), 3C and 2F of fused layers. */
type Axis = 'C' | 'F' | 'V' | 'P' | 'S' | 'D' | 'Q' | 'K' | '3C' | '2F';
/** When a parameter is there; absent = always. */
type Condition = 'attentionBias' | 'feedForwardBias' | 'normBias' | 'not-first' | 'normBias, not-first';
type Row = readonly [name: string, axes: readonly Axis[], init: Init, when?: Condition];

interface FamilyParameters {
  readonly embeddings: readonly Row[];
  /** Parameters of one block; `name` follows the block's prefix. */
  readonly block: readonly Row[];
  /** `{i}` is the block's number from 0. */
  readonly blockPrefix: string;
  /** Parameters behind the last block. */
  readonly final: readonly Row[];
  /** Tensors that files of this family may hold besides, and that nobody reads. */
  readonly ignored: RegExp;
}

const linear = (name: string, out: Axis, into: Axis, bias?: Condition): readonly Row[] => [
  [`${name}.weight`, [out, into], 'normal'],
  [`${name}.bias`, [out], 'zeros', bias],
];
const layerNorm = (name: string): readonly Row[] => [
  [`${name}.weight`, ['C'], 'ones'],
  [`${name}.bias`, ['C'], 'zeros'],
];
const rmsNorm = (name: string, axis: Axis = 'C'): Row => [`${name}.weight`, [axis], 'ones'];

/** Source: parameter names of transformers' BertModel (Devlin et al. 2018). Linear weights are [out, in]. */
const bert: FamilyParameters = {
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
  ignored: /^(pooler\.dense\.(weight|bias)|embeddings\.position_ids)$/,
};

/** Source: parameter names of transformers' ModernBertModel (Warner et al. 2024). Wqkv and Wi are fused: q, k, v; input, gate. */
const modernbert: FamilyParameters = {
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
  ignored: /^(head\.(dense|norm)\.(weight|bias)|decoder\.(weight|bias))$/,
};

const attentionOfDecoder = [
  ...linear('self_attn.q_proj', 'Q', 'C', 'attentionBias'),
  ...linear('self_attn.k_proj', 'K', 'C', 'attentionBias'),
  ...linear('self_attn.v_proj', 'K', 'C', 'attentionBias'),
  ...linear('self_attn.o_proj', 'C', 'Q', 'attentionBias'),
];
const endOfDecoder = [
  rmsNorm('post_attention_layernorm'),
  ...linear('mlp.gate_proj', 'F', 'C', 'feedForwardBias'),
  ...linear('mlp.up_proj', 'F', 'C', 'feedForwardBias'),
  ...linear('mlp.down_proj', 'C', 'F', 'feedForwardBias'),
];

/** Source: parameter names of transformers' LlamaModel (Touvron et al. 2023); MiniCPM's are the same (Hu et al. 2024). */
const llama: FamilyParameters = {
  embeddings: [['embed_tokens.weight', ['V', 'C'], 'embedding-padded']],
  blockPrefix: 'layers.{i}.',
  block: [rmsNorm('input_layernorm'), ...attentionOfDecoder, ...endOfDecoder],
  final: [rmsNorm('norm')],
  ignored: /^(lm_head\.weight|layers\.\d+\.self_attn\.rotary_emb\.inv_freq|rotary_emb\.inv_freq)$/,
};

/** Source: parameter names of transformers' Qwen3Model (Yang et al. 2025): Llama's, and norms of queries and keys. */
const qwen3: FamilyParameters = {
  ...llama,
  block: [
    rmsNorm('input_layernorm'),
    ...attentionOfDecoder,
    rmsNorm('self_attn.q_norm', 'D'),
    rmsNorm('self_attn.k_norm', 'D'),
    ...endOfDecoder,
  ],
};

/** Source: parameter names of transformers' XLMRobertaModel (Conneau et al. 2019) and RobertaModel: BERT's. */
const xlmRoberta: FamilyParameters = {
  ...bert,
  ignored: /^(pooler\.dense\.(weight|bias)|embeddings\.position_ids|lm_head\..+)$/,
};

const families: Readonly<Record<EncoderFamily, FamilyParameters>> = {
  bert,
  'xlm-roberta': xlmRoberta,
  modernbert,
  llama,
  qwen3,
};

/** How tensors whose rows are so many are used. */
const partsOf: Partial<Readonly<Record<Axis, ParameterShape['parts']>>> = { V: 'rows', '3C': 3, '2F': 2 };

/** D, channels of one head. */
export const headSizeOf = ({ headSize, width, heads }: Architecture): number => headSize ?? width / heads;

/** G, heads of keys and values. */
export const keyValueHeadsOf = ({ keyValueHeads, heads }: Architecture): number => keyValueHeads ?? heads;

/** Tokens of the longest text that an encoder can take. */
export const longestTextOf = ({ maxPositions, positionOffset = 0 }: Architecture): number =>
  maxPositions - positionOffset;

function holds(condition: Condition | undefined, architecture: Architecture, layer: number): boolean {
  switch (condition) {
    case undefined:
      return true;
    case 'not-first':
      return layer > 0;
    case 'normBias, not-first':
      return layer > 0 && architecture.normBias === true;
    default:
      return architecture[condition] === true;
  }
}

function axisSizes(architecture: Architecture): Readonly<Record<Axis, number>> {
  const { width: C, innerWidth: F, heads } = architecture;
  const D = headSizeOf(architecture);
  return {
    C,
    F,
    V: architecture.vocabularySize,
    P: architecture.maxPositions,
    S: architecture.typeVocabularySize,
    D,
    Q: heads * D,
    K: keyValueHeadsOf(architecture) * D,
    '3C': 3 * C,
    '2F': 2 * F,
  };
}

/** Every parameter of an encoder, in forward order: embeddings, then block by block, then what follows. */
export function encoderParameters(family: EncoderFamily, architecture: Architecture): ParameterShape[] {
  const { embeddings, block, blockPrefix, final } = families[family];
  const size = axisSizes(architecture);
  const expand = (rows: readonly Row[], prefix: string, group: string, layer = 0): ParameterShape[] =>
    rows
      .filter(([, , , when]) => holds(when, architecture, layer))
      .map(([name, axes, init]) => {
        const shape = axes.map((axis) => size[axis]);
        const parts = partsOf[axes[0]!];
        return { name: prefix + name, shape, init, group, ...(parts !== undefined && { parts }) };
      });
  const blocks = Array.from({ length: architecture.layers }, (_, i) =>
    expand(block, blockPrefix.replace('{i}', String(i)), `layer.${i}`, i),
  );
  return [...expand(embeddings, '', 'embeddings'), ...blocks.flat(), ...expand(final, '', 'final')];
}

/** True for tensors that files of the family may hold and that Tandem does not read. */
export const isIgnoredTensor = (family: EncoderFamily, name: string): boolean => families[family].ignored.test(name);

/** Number of values of a shape. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, axis) => product * axis, 1);
