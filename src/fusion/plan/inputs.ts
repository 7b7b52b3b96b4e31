/** The nodes of a plan spelled out. */
import type { FusionPlan } from '../types.ts';

/** What a node merges, in order: places of checkpoints, and nodes. One that names nothing merges every checkpoint. */
export const inputsOf = ({ inputs }: FusionPlan, checkpoints: number): readonly (number | FusionPlan)[] =>
  inputs ?? Array.from({ length: checkpoints }, (_, checkpoint) => checkpoint);

/** A node of a plan as a list, or a checkpoint that one merges. */
export interface PlanLine {
  /** Place in the list of the node that merges it; null = it is the root. */
  readonly parent: number | null;
  /** What it counts there; null = that node's method takes no weights, or it is the root. */
  readonly weight: number | null;
  /** A node, or the place of a checkpoint among those of the fusion. */
  readonly part: FusionPlan | number;
}

/** A plan that was read (read-plan.ts) as a list: each node before what it merges, in order. */
export function linesOf(root: FusionPlan, checkpoints: number): PlanLine[] {
  const lines: PlanLine[] = [];
  const add = (part: FusionPlan | number, parent: number | null, weight: number | null): void => {
    const place = lines.push({ parent, weight, part }) - 1;
    if (typeof part === 'number') return;
    for (const [i, input] of inputsOf(part, checkpoints).entries()) add(input, place, part.weights?.[i] ?? null);
  };
  add(root, null, null);
  return lines;
}
