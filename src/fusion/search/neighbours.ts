/** The changes of a plan that a coordinate search tries. */
import type { FusionMethod } from '../catalog.ts';
import { searchedWeights } from './catalog.ts';
import { grouped } from './grouped.ts';
import { countsOf, defaultPlan, entryOf, takes } from './plans.ts';
import type { SearchPlan, SearchSpace } from './types.ts';
import { beside, isNumeric, valuesOf } from './values.ts';

/**
 * All plans that differ from this one by one step: in one parameter, one weight or one checkpoint, by a second level,
 * or, where it has one, in one of its nodes.
 */
export function neighboursOf(plan: SearchPlan, { checkpoints, methods, groupings }: SearchSpace): SearchPlan[] {
  const isFlat = plan.inputs.every((input) => typeof input === 'number');
  return [
    ...otherParameters(plan),
    ...otherWeights(plan),
    ...(isFlat ? otherSubsets(plan, checkpoints) : otherNodes(plan, methods)),
    ...groupings.flatMap((grouping) => grouped(plan, grouping) ?? []),
  ];
}

/** One of the nodes inside changed: a parameter, a weight, or its method. */
const otherNodes = (plan: SearchPlan, methods: readonly FusionMethod[]): SearchPlan[] =>
  plan.inputs.flatMap((node, i) => {
    if (typeof node === 'number') return [];
    const others = methods.filter((method) => method !== node.method && takes(method, node.inputs.length));
    const changed = [
      ...otherParameters(node),
      ...otherWeights(node),
      ...others.map((method) => defaultPlan(method, node.inputs as readonly number[])),
    ];
    return changed.map((other) => ({ ...plan, inputs: plan.inputs.with(i, other) }));
  });

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
  const places = Array.from({ length: checkpoints }, (_, place) => place);
  const { max } = countsOf(plan.method, checkpoints);
  const absent = plan.inputs.length < max ? places.filter((place) => !plan.inputs.includes(place)) : [];
  return [...places.flatMap((place) => without(plan, place) ?? []), ...absent.map((place) => withOne(plan, place))];
}

/** The plan without a checkpoint; undefined where it merges it not, or its method takes no fewer. */
export function without(plan: SearchPlan, place: number): SearchPlan | undefined {
  const { method, inputs, weights } = plan;
  const i = inputs.indexOf(place);
  if (i < 0 || !takes(method, inputs.length - 1)) return undefined;
  return { ...plan, inputs: inputs.toSpliced(i, 1), ...(weights && { weights: weights.toSpliced(i, 1) }) };
}

function withOne(plan: SearchPlan, place: number): SearchPlan {
  const { inputs, weights } = plan;
  const behind = inputs.findIndex((input) => typeof input === 'number' && input > place);
  const i = behind < 0 ? inputs.length : behind;
  return { ...plan, inputs: inputs.toSpliced(i, 0, place), ...(weights && { weights: weights.toSpliced(i, 0, 1) }) };
}
