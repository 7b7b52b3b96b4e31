/** The balanced tree of pairwise methods over the checkpoints in listed order. */

/** A leaf is a checkpoint's place. The weight of a branch is that of all below it, left and right added. */
export type Branch =
  | { readonly weight: number; readonly leaf: number }
  | { readonly weight: number; readonly left: Branch; readonly right: Branch };

/** Whether the sum of numbers is 0, or no more than the rounding of its terms. */
export function isZeroSum(values: readonly number[]): boolean {
  const sum = values.reduce((total, value) => total + value, 0);
  const size = values.reduce((total, value) => total + Math.abs(value), 0);
  return Math.abs(sum) <= values.length * Number.EPSILON * size;
}

/** The tree over the weights from place `begin` to `end`: the left half has the place in the middle. */
export function branchOf(weights: readonly number[], begin = 0, end = weights.length): Branch {
  if (end - begin === 1) return { weight: weights[begin], leaf: begin };
  const middle = begin + Math.ceil((end - begin) / 2);
  const [left, right] = [branchOf(weights, begin, middle), branchOf(weights, middle, end)];
  return { weight: left.weight + right.weight, left, right };
}

/** Whether the two halves of some branch weigh 0 together. */
export const hasWeightlessBranch = (branch: Branch): boolean =>
  'left' in branch &&
  (isZeroSum(weightsBelow(branch)) || hasWeightlessBranch(branch.left) || hasWeightlessBranch(branch.right));

const weightsBelow = (branch: Branch): number[] =>
  'leaf' in branch ? [branch.weight] : [...weightsBelow(branch.left), ...weightsBelow(branch.right)];
