/** The architecture of a new model from the values of its catalog row (model/families/catalog.ts). */
import { badInput } from '../errors.ts';
import { type EncoderFamily, largestHeadSize } from './families/catalog.ts';
import type { Architecture } from './types.ts';

/** Every parameter of a catalog row by name; truth values as 1 and 0. */
export type ArchitectureValues = Readonly<Record<string, number>>;

/** BERT's two segments; only the first is used. */
const segments = 2;

/** Refuses sizes that do not go together; fields are named `architecture.<parameter>`. */
export function newArchitecture(
  family: EncoderFamily,
  values: ArchitectureValues,
  vocabularySize: number,
  padTokenId: number,
): Architecture {
  const read = (name: string): number => values[name] ?? 0;
  const sizes = {
    layers: read('layers'),
    width: read('width'),
    heads: read('heads'),
    innerWidth: read('innerWidth'),
    maxPositions: read('maxPositions'),
    vocabularySize,
  };
  const { width, heads } = sizes;
  const headSize = read('headSize') || width / heads;
  if (!Number.isInteger(headSize)) throw wrong('heads', heads, `a divisor of the width, ${width}`);
  checkHeadSize(headSize, read('headSize') ? 'headSize' : 'heads', values);
  switch (family) {
    case 'bert':
      return { ...sizes, typeVocabularySize: segments, layerNormEpsilon: 1e-12 };
    case 'xlm-roberta': {
      const positionOffset = padTokenId + 1;
      const maxPositions = sizes.maxPositions + positionOffset;
      return { ...sizes, maxPositions, positionOffset, typeVocabularySize: 1, layerNormEpsilon: 1e-5 };
    }
    case 'modernbert':
      return {
        ...sizes,
        typeVocabularySize: 0,
        layerNormEpsilon: 1e-5,
        ropeTheta: read('ropeTheta'),
        localRopeTheta: read('localRopeTheta'),
        localAttention: read('localAttention'),
        globalEvery: read('globalEvery'),
        attentionBias: false,
        feedForwardBias: false,
        normBias: false,
      };
    case 'llama':
    case 'qwen3': {
      const keyValueHeads = read('keyValueHeads') || heads;
      if (heads % keyValueHeads !== 0) throw wrong('keyValueHeads', keyValueHeads, `a divisor of the heads, ${heads}`);
      return {
        ...sizes,
        keyValueHeads,
        headSize,
        typeVocabularySize: 0,
        layerNormEpsilon: 1e-6,
        causal: read('causal') !== 0,
        ropeTheta: read('ropeTheta'),
        attentionBias: false,
        ...(family === 'llama' && { feedForwardBias: false }),
      };
    }
  }
}

/** `name` is the parameter that decides the head size. */
function checkHeadSize(size: number, name: string, values: ArchitectureValues): void {
  const isRotary = values['ropeTheta'] !== undefined;
  if (size <= largestHeadSize && !(isRotary && size % 2 !== 0)) return;
  throw wrong(
    name,
    values[name] ?? 0,
    `heads of at most ${largestHeadSize} channels${isRotary ? ', in pairs' : ''}; not ${size}`,
  );
}

const wrong = (name: string, value: number, expected: string) =>
  badInput(`architecture.${name} is ${value}`, { field: `architecture.${name}`, expected });
