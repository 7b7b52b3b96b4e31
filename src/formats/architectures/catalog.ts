/** Parameters of every encoder family as data: nn lays them out, formats reads and writes them, fusion groups them. */
import type { EncoderFamily } from '../../nn/encoders/catalog.ts';
import type { Architecture, ParameterShape } from '../types.ts';

type Init = ParameterShape['init'];
/** C, F, V, P (positions), S (segment types). */
type Axis = 'C' | 'F' | 'V' | 'P' | 'S';
type Row = readonly [name: string, axes: readonly Axis[], init: Init];

interface FamilyParameters {
  readonly embeddings: readonly Row[];
  /** Parameters of one block; `name` follows the block's prefix. */
  readonly block: readonly Row[];
  /** `{i}` is the block's number from 0. */
  readonly blockPrefix: string;
  /** Tensors that files of this family may hold besides, and that nobody reads. */
  readonly ignored: RegExp;
}

const linear = (name: string, out: Axis, into: Axis): readonly Row[] => [
  [`${name}.weight`, [out, into], 'normal'],
  [`${name}.bias`, [out], 'zeros'],
];
const layerNorm = (name: string): readonly Row[] => [
  [`${name}.weight`, ['C'], 'ones'],
  [`${name}.bias`, ['C'], 'zeros'],
];

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
  ignored: /^(pooler\.dense\.(weight|bias)|embeddings\.position_ids)$/,
};

const families: Readonly<Record<EncoderFamily, FamilyParameters>> = { bert };

/** Every parameter of an encoder, in forward order: embeddings, then block by block. */
export function encoderParameters(family: EncoderFamily, architecture: Architecture): ParameterShape[] {
  const { embeddings, block, blockPrefix } = families[family];
  const size: Readonly<Record<Axis, number>> = {
    C: architecture.width,
    F: architecture.innerWidth,
    V: architecture.vocabularySize,
    P: architecture.maxPositions,
    S: architecture.typeVocabularySize,
  };
  const expand = (rows: readonly Row[], prefix: string, group: string): ParameterShape[] =>
    rows.map(([name, axes, init]) => ({ name: prefix + name, shape: axes.map((axis) => size[axis]), init, group }));
  const blocks = Array.from({ length: architecture.layers }, (_, i) =>
    expand(block, blockPrefix.replace('{i}', String(i)), `layer.${i}`),
  );
  return [...expand(embeddings, '', 'embeddings'), ...blocks.flat()];
}

/** True for tensors that files of the family may hold and that Tandem does not read. */
export const isIgnoredTensor = (family: EncoderFamily, name: string): boolean => families[family].ignored.test(name);

/** Number of values of a shape. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, axis) => product * axis, 1);
