/** Plans as points of the space that is searched: the defaults of a method, and what tells two plans apart. */
import { readParameters, rowOf } from '../../catalog-parameters.ts';
import { type FusionEntry, type FusionMethod, fusionCatalog } from '../catalog.ts';
import type { SearchPlan } from './types.ts';

export const entryOf = (method: FusionMethod): FusionEntry => rowOf(fusionCatalog, method, 'method');

/** How many checkpoints of so many a search gives the method: two or more, since one is tried as it is. */
export function countsOf(method: FusionMethod, checkpoints: number): { readonly min: number; readonly max: number } {
  const { min, max = checkpoints } = entryOf(method).checkpoints;
  return { min: Math.max(min, 2), max: Math.min(max, checkpoints) };
}

/** Whether the method takes just so many. */
export const takes = (method: FusionMethod, count: number): boolean => {
  const { min, max } = countsOf(method, count);
  return count >= min && count === max;
};

/** The method with its defaults and equal weights over these checkpoints. */
export function defaultPlan(method: FusionMethod, checkpoints: readonly number[]): SearchPlan {
  const parameters = readParameters(rowOf(fusionCatalog, method, 'method'), {}, 'parameters');
  const inputs = checkpoints.toSorted((a, b) => a - b);
  return { method, parameters, inputs, ...(entryOf(method).weighted && { weights: inputs.map(() => 1) }) };
}

/** Equal of equal plans, whatever the order of their keys, which jsonb changes. */
export function keyOf({ method, parameters, inputs, weights }: SearchPlan): string {
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  const keys = inputs.map((input) => (typeof input === 'number' ? input : keyOf(input)));
  return JSON.stringify([method, sorted, keys, weights]);
}
