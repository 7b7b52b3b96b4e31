/**
 * Which parameters each node of a plan takes part in. A checkpoint takes part in all; a node in those that one of its
 * inputs takes part in and, where it has globs, that one of them matches. A node merges, parameter by parameter, the
 * inputs that take part in it; where the root takes no part the base's values stay.
 */

import { rowOf } from '../../catalog-parameters.ts';
import { badInput } from '../../errors.ts';
import { exportedName, matchesGlob } from '../../model/parameter-names.ts';
import type { ParameterShape } from '../../model/types.ts';
import { type FusionEntry, fusionCatalog } from '../catalog.ts';
import type { FusionPlan } from '../types.ts';
import { readWeights } from '../weights.ts';
import { inputsOf } from './inputs.ts';
import { inputField } from './read-plan.ts';

/** A node with what it merges where. */
export interface PlanScope {
  readonly plan: FusionPlan;
  /** Places of checkpoints, and nodes. */
  readonly inputs: readonly (number | PlanScope)[];
  /** The parameters that it takes part in, by which of its inputs do. */
  readonly groups: readonly ScopeGroup[];
}

export interface ScopeGroup {
  /** Places of those inputs, ascending, and what each counts. */
  readonly places: readonly number[];
  readonly weights: readonly number[];
  /** In the order of the model. */
  readonly parameters: readonly ParameterShape[];
}

/**
 * The scope of a plan that was read (read-plan.ts), over the parameters of a model. Throws a BAD_USER_INPUT for a glob
 * that matches no parameter, for a node that takes part in none, and for weights that sum to 0 where not all inputs
 * take part.
 */
export function scopeOf(
  plan: FusionPlan,
  parameters: readonly ParameterShape[],
  checkpoints: number,
  field: string,
): PlanScope {
  const inputs = inputsOf(plan, checkpoints).map((input, i) =>
    typeof input === 'number' ? input : scopeOf(input, parameters, checkpoints, `${inputField(field, i)}.plan`),
  );
  const matched = matchedBy(plan, parameters, field);
  const groups = byPlaces(inputs, matched).map(([places, own]) => {
    const weights = weightsOf(plan, inputs.length, places, field);
    return { places, weights, parameters: own };
  });
  if (groups.length > 0) return { plan, inputs, groups };
  throw badInput('The node takes part in no parameter: none of its inputs takes part in what its globs match', {
    field: `${field}.only`,
    expected: 'globs that match a parameter in which one of the inputs takes part',
    remedy: 'Widen the globs of the node, or those of its inputs.',
  });
}

/** Names of the parameters that a node takes part in. */
export const coveredBy = ({ groups }: PlanScope): ReadonlySet<string> =>
  new Set(groups.flatMap(({ parameters }) => parameters.map(({ name }) => name)));

function matchedBy({ only }: FusionPlan, parameters: readonly ParameterShape[], field: string) {
  if (only === undefined) return parameters;
  const isMatched = (glob: string, { name }: ParameterShape): boolean => matchesGlob(glob, exportedName(name));
  const lost = only.findIndex((glob) => !parameters.some((parameter) => isMatched(glob, parameter)));
  if (lost < 0) return parameters.filter((parameter) => only.some((glob) => isMatched(glob, parameter)));
  throw badInput(`No parameter of the model matches "${only[lost]}"`, {
    field: `${field}.only.${lost}`,
    expected: `a glob over the names in the model's model.safetensors, such as ${parameters[0]!.name}`,
    remedy: 'Correct the glob: * stands for any characters, ? for one.',
  });
}

/** The parameters by the inputs that take part in them, without those in which none does. */
function byPlaces(
  inputs: readonly (number | PlanScope)[],
  parameters: readonly ParameterShape[],
): [readonly number[], readonly ParameterShape[]][] {
  const covered = inputs.map((input) => (typeof input === 'number' ? undefined : coveredBy(input)));
  const groups = new Map<string, [number[], ParameterShape[]]>();
  for (const parameter of parameters) {
    const places = [...inputs.keys()].filter((i) => covered[i]?.has(parameter.name) !== false);
    const key = places.join();
    const [, own] = groups.get(key) ?? [places, []];
    own.push(parameter);
    if (places.length > 0) groups.set(key, [places, own]);
  }
  return [...groups.values()];
}

function weightsOf({ method, weights }: FusionPlan, inputs: number, places: readonly number[], field: string) {
  const row: FusionEntry = rowOf(fusionCatalog, method, `${field}.method`);
  const given = readWeights(row, inputs, weights, `${field}.weights`);
  return readWeights(row, places.length, row.weighted ? places.map((i) => given[i]!) : null, `${field}.weights`);
}
