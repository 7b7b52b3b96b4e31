/** Plans of two levels: first inside each group of checkpoints, then across the groups. */
import { planLimits } from '../plan/read-plan.ts';
import { defaultPlan, takes } from './plans.ts';
import type { Grouping, SearchPlan } from './types.ts';

/** The root and a node for each group of two or more. */
const mostGroups = planLimits.nodes - 1;

/**
 * The plan across the groups, over the same method with its defaults inside each group of two or more. Undefined where
 * the plan has two levels already, or its checkpoints do not make at least two groups, one of them of two.
 */
export function grouped(plan: SearchPlan, grouping: Grouping): SearchPlan | undefined {
  const { method, inputs } = plan;
  if (!inputs.every((input) => typeof input === 'number')) return undefined;
  const groups = grouping.map((group) => group.filter((place) => inputs.includes(place)));
  const parts = groups.filter(({ length }) => length > 0).sort(([a = 0], [b = 0]) => a - b);
  const sizes = parts.map(({ length }) => length).filter((length) => length > 1);
  if (
    sizes.length === 0 ||
    sizes.length > mostGroups ||
    parts.length + inputs.length > planLimits.inputs ||
    ![...sizes, parts.length].every((count) => takes(method, count))
  )
    return undefined;
  const nodes = parts.map((part) => (part.length === 1 ? (part[0] as number) : defaultPlan(method, part)));
  return { ...plan, inputs: nodes, ...(plan.weights && { weights: nodes.map(() => 1) }) };
}
