/** Sizes and parameters of a whole model: encoder, pooling, dense layers and heads. */

import { headParameters } from './heads.ts';
import { encoderParameters } from './parameter-shapes.ts';
import { poolingList } from './pooling.ts';
import { type ModelSpec, noHeads, type ParameterShape } from './types.ts';

/** The part of a spec that determines a model's parameters. */
export type ParameterSpec = Pick<ModelSpec, 'family' | 'architecture' | 'pooling'> &
  Partial<Pick<ModelSpec, 'dense' | 'heads'>>;

/** Width of a pooled vector: the encoder's, once per pooling mode. */
export const pooledWidth = ({ architecture, pooling }: ParameterSpec): number =>
  architecture.width * poolingList(pooling).length;

/** Length of a model's vectors. */
export const dimensionOf = (spec: ParameterSpec): number => spec.dense?.at(-1)?.outFeatures ?? pooledWidth(spec);

/** Names of a dense layer's parameters; layers count from 0. */
export const denseName = (layer: number, part: 'weight' | 'bias'): string => `dense.${layer}.linear.${part}`;

/** Folder of a dense layer in a model folder, behind the encoder's files and those of pooling. */
export const denseFolder = (layer: number): string => `${layer + 2}_Dense`;

/** Every parameter of a model, in forward order: the encoder's, the dense layers', then the heads'. */
export function modelParameters(spec: ParameterSpec): ParameterShape[] {
  const dense = (spec.dense ?? []).flatMap(({ inFeatures, outFeatures, bias }, i): ParameterShape[] => {
    const group = `dense.${i}`;
    const weight = { name: denseName(i, 'weight'), shape: [outFeatures, inFeatures], init: 'normal', group } as const;
    return bias ? [weight, { name: denseName(i, 'bias'), shape: [outFeatures], init: 'zeros', group }] : [weight];
  });
  const heads = headParameters(spec.heads ?? noHeads, dimensionOf(spec));
  return [...encoderParameters(spec.family, spec.architecture), ...dense, ...heads];
}
