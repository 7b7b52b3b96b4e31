/** Plans as points of the space that is searched: the defaults of a method, the neighbours of a plan, random ones. */
import type { CatalogParameter } from '../../catalog.ts';
import { type GivenParameters, readParameters, rowOf } from '../../catalog-parameters.ts';
import { invariant } from '../../errors.ts';
import type { RandomStream } from '../../random/keyed.ts';
import { type FusionEntry, type FusionMethod, fusionCatalog } from '../catalog.ts';
import { searchedValues, searchedWeights } from './catalog.ts';
import type { SearchPlan } from './types.ts';

const entryOf = (method: FusionMethod): FusionEntry => rowOf(fusionCatalog, method, 'method');

/** How many checkpoints of so many a search gives the method: two or more, since one is tried as it is. */
export function countsOf(method: FusionMethod, checkpoints: number): { readonly min: number; readonly max: number } {
  const { min, max = checkpoints } = entryOf(method).checkpoints;
  return { min: Math.max(min, 2), max: Math.min(max, checkpoints) };
}

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

/** All plans that differ from this one in one parameter, one weight or one checkpoint, by one step. */
export const neighboursOf = (plan: SearchPlan, checkpoints: number): SearchPlan[] => [
  ...otherParameters(plan),
  ...otherWeights(plan),
  ...otherSubsets(plan, checkpoints),
];

function otherParameters(plan: SearchPlan): SearchPlan[] {
  return entryOf(plan.method).parameters.flatMap((parameter) => {
    const values = valuesOf(parameter);
    const own = plan.parameters[parameter.name];
    const others = isNumeric(parameter) ? beside(values as readonly number[], own as number) : values;
    return others
      .filter((value) => value !== own)
      .map((value) => ({ ...plan, parameters: { ...plan.parameters, [parameter.name]: value } }));
  });
}

const otherWeights = (plan: SearchPlan): SearchPlan[] =>
  (plan.weights ?? []).flatMap((own, i, weights) =>
    beside(searchedWeights, own).map((weight) => ({ ...plan, weights: weights.with(i, weight) })),
  );

/** One checkpoint less, or one more with the weight 1. */
function otherSubsets(plan: SearchPlan, checkpoints: number): SearchPlan[] {
  const { inputs, weights } = plan;
  const { min, max } = countsOf(plan.method, checkpoints);
  const without = (i: number): SearchPlan => ({
    ...plan,
    inputs: inputs.toSpliced(i, 1),
    ...(weights && { weights: weights.toSpliced(i, 1) }),
  });
  const withOne = (place: number): SearchPlan => {
    const at = inputs.findIndex((input) => typeof input === 'number' && input > place);
    const i = at < 0 ? inputs.length : at;
    const more = weights && { weights: weights.toSpliced(i, 0, 1) };
    return { ...plan, inputs: inputs.toSpliced(i, 0, place), ...more };
  };
  const absent = Array.from({ length: checkpoints }, (_, k) => k).filter((k) => !inputs.includes(k));
  return [
    ...(inputs.length > min ? inputs.map((_, i) => without(i)) : []),
    ...(inputs.length < max ? absent.map(withOne) : []),
  ];
}

/** A plan with every part drawn evenly: the method, the number of checkpoints, which they are, parameters, weights. */
export function randomPlan(random: RandomStream, methods: readonly FusionMethod[], checkpoints: number): SearchPlan {
  const method = random.pick(methods);
  const { min, max } = countsOf(method, checkpoints);
  const plan = defaultPlan(method, random.sample(checkpoints, min + random.below(max - min + 1)));
  const parameters: GivenParameters = Object.fromEntries(
    entryOf(method).parameters.map((parameter) => [parameter.name, random.pick(valuesOf(parameter))]),
  );
  const weights = plan.weights?.map(() => random.pick(searchedWeights));
  return { ...plan, parameters, ...(weights && { weights }) };
}

const isNumeric = ({ type }: CatalogParameter): boolean => type === 'float' || type === 'int';

/** What is tried of a parameter. */
function valuesOf(parameter: CatalogParameter): readonly (number | string | boolean)[] {
  if (parameter.type === 'choice') return parameter.choices;
  if (parameter.type === 'boolean') return [false, true];
  const { name, min = -Infinity, max = Infinity } = parameter;
  const values: readonly number[] | undefined = Object.entries(searchedValues).find(([key]) => key === name)?.[1];
  invariant(values, `The catalog of the search has no values of ${name}`);
  return values.filter((value) => value >= min && value <= max);
}

/** The next smaller and the next larger value. */
const beside = (values: readonly number[], own: number): number[] =>
  [values.findLast((value) => value < own), values.find((value) => value > own)].filter((value) => value !== undefined);
