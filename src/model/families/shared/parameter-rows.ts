/** Rows of a parameter table for the usual kinds of layers, by transformers' names. */
import type { Axis, Condition, ParameterRow } from '../family.ts';

/** W [out, in] and b [out]. `bias` says which models have b; absent = all. */
export const linear = (name: string, out: Axis, into: Axis, bias?: Condition): readonly ParameterRow[] => [
  [`${name}.weight`, [out, into], 'normal'],
  [`${name}.bias`, [out], 'zeros', bias],
];

export const layerNorm = (name: string): readonly ParameterRow[] => [
  [`${name}.weight`, ['C'], 'ones'],
  [`${name}.bias`, ['C'], 'zeros'],
];

export const rmsNorm = (name: string, axis: Axis = 'C'): ParameterRow => [`${name}.weight`, [axis], 'ones'];
