/** The checkpoints of a search that a plan of it merges. */
import type { FusionPlan } from '../types.ts';
import type { SearchPlan } from './types.ts';

/** Their places among the checkpoints of the search, ascending. */
export const placesOf = (plan: SearchPlan): number[] => leavesOf(plan).sort((a, b) => a - b);

const leavesOf = ({ inputs }: SearchPlan): number[] =>
  inputs.flatMap((input) => (typeof input === 'number' ? input : leavesOf(input)));

/** The plan over those checkpoints alone, as a fusion of them takes it. */
export function fusionPlanOf(plan: SearchPlan): FusionPlan {
  const places = placesOf(plan);
  const among = (node: SearchPlan): FusionPlan => ({
    ...node,
    inputs: node.inputs.map((input) => (typeof input === 'number' ? places.indexOf(input) : among(input))),
  });
  return among(plan);
}
