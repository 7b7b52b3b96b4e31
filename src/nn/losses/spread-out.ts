/** Spread-out: the mean squared cosine of different texts of a side (Zhang et al. 2017, arXiv 1708.06320). */
import { sumOf } from './context.ts';
import { meanCosineSquares } from './cosine-squares.ts';
import type { LossOf } from './loss.ts';
import { spreadSlots, takeSlots } from './slots.ts';

/** Of the queries, and of the first positive of each, added; 0 for a single query. */
export const spreadOutLoss: LossOf<'spread-out'> = (context, { queries, positives }, { weight }) => {
  const first = new Uint32Array(queries.shape[0]);
  const ofSide = (texts: typeof queries) => meanCosineSquares(context, 'spread-out', { texts }, weight);
  const ofQueries = ofSide(queries);
  const ofPositives = ofSide(takeSlots(context, positives, first));
  return {
    value: sumOf(context, ofQueries.value, [ofQueries.value, ofPositives.value]),
    dQueries: ofQueries.gradient,
    dPositives: spreadSlots(context, [ofPositives.gradient], [first], positives),
    dNegatives: null,
  };
};
