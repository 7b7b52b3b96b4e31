/** A random plan, with every part drawn evenly. */
import type { GivenParameters } from '../../catalog-parameters.ts';
import type { RandomStream } from '../../random/keyed.ts';
import type { FusionMethod } from '../catalog.ts';
import { searchedWeights } from './catalog.ts';
import { grouped } from './grouped.ts';
import { countsOf, defaultPlan, entryOf, takes } from './plans.ts';
import type { SearchPlan, SearchSpace } from './types.ts';
import { valuesOf } from './values.ts';

/** The method, the number of checkpoints, which they are, whether they are grouped, parameters and weights. */
export function randomPlan(random: RandomStream, { methods, checkpoints, groupings }: SearchSpace): SearchPlan {
  const method = random.pick(methods);
  const { min, max } = countsOf(method, checkpoints);
  const plan = defaultPlan(method, random.sample(checkpoints, min + random.below(max - min + 1)));
  const grouping = random.pick([undefined, ...groupings]);
  const shaped = (grouping && grouped(plan, grouping)) ?? plan;
  return drawn(random, { ...shaped, inputs: shaped.inputs.map((node) => drawnNode(random, node, methods)) });
}

/** A node inside draws its own method among those that take so many checkpoints. */
function drawnNode(random: RandomStream, node: number | SearchPlan, methods: readonly FusionMethod[]) {
  if (typeof node === 'number') return node;
  const count = node.inputs.length;
  const fitting = methods.filter((method) => takes(method, count));
  return drawn(random, defaultPlan(random.pick(fitting), node.inputs as readonly number[]));
}

/** The plan with parameters and weights that are drawn. */
function drawn(random: RandomStream, plan: SearchPlan): SearchPlan {
  const parameters: GivenParameters = Object.fromEntries(
    entryOf(plan.method).parameters.map((parameter) => [parameter.name, random.pick(valuesOf(parameter))]),
  );
  const weights = plan.weights?.map(() => random.pick(searchedWeights));
  return { ...plan, parameters, ...(weights && { weights }) };
}
