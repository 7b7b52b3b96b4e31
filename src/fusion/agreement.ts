/** The sign on which most of the change agrees, and the mean of what has it (TIES' and SCE's last step). */

/**
 * (sum of values) / (sum of weights) over those whose vote has the sign of the sum of all votes: plus where that is 0;
 * a vote of 0 has none. 0 where none agrees, or the weights of those that do sum to 0. All [K], sums in their order.
 */
export function agreedMean(votes: ArrayLike<number>, values: ArrayLike<number>, weights: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < votes.length; k++) sum += votes[k];
  let [agreed, divisor] = [0, 0];
  for (let k = 0; k < votes.length; k++) {
    if (votes[k] === 0 || votes[k] > 0 !== sum >= 0) continue;
    agreed += values[k];
    divisor += weights[k];
  }
  return divisor === 0 ? 0 : agreed / divisor;
}
