/** Losses for comparison and company on candidates in float64, as losses.ts. */
import { type InfonceInput, type InfonceOutput, infonce } from './losses.ts';

/** Half InfoNCE, half the mean over the slots of the cross entropy of each positive against all queries. */
export function symmetricInfonce(input: InfonceInput): InfonceOutput {
  const { queries, width, P, temperature } = input;
  const B = queries.length / width;
  const forth = infonce(input);
  const output = {
    value: forth.value / 2,
    dQueries: forth.dQueries.map((slope) => slope / 2),
    dPositives: forth.dPositives.map((slope) => slope / 2),
    dNegatives: forth.dNegatives.map((slope) => slope / 2),
  };
  const slotSets = input.slots
    ? [Array.from(input.slots)]
    : Array.from({ length: P }, (_, k) => Array.from({ length: B }, () => k));
  for (const slots of slotSets) {
    const rows = slots.map((slot, query) => query * P + slot);
    const own = Float64Array.from(
      rows.flatMap((row) => Array.from(input.positives.subarray(row * width, (row + 1) * width))),
    );
    const none = new Float64Array(0);
    const back = infonce({ queries: own, positives: queries, negatives: none, width, P: 1, N: 0, temperature });
    const share = 1 / (2 * slotSets.length);
    output.value += share * back.value;
    back.dPositives.forEach((slope, at) => {
      output.dQueries[at]! += share * slope;
    });
    back.dQueries.forEach((slope, at) => {
      output.dPositives[rows[Math.floor(at / width)]! * width + (at % width)]! += share * slope;
    });
  }
  return output;
}
