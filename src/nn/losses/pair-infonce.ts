/** InfoNCE of query to partner over the pairs of a high grade. */
import type { Tensor } from '../../device/types.ts';
import { keepZeros, type LossContext } from './context.ts';
import { infonceLoss } from './infonce.ts';
import type { LossOf, VectorPairInput } from './loss.ts';

export const pairInfonceLoss: LossOf<'pair-infonce'> = (context, input, parameters) =>
  infonceOfHighGrades(context, 'pair-infonce', input, parameters);

/**
 * Mean over the rows whose grade reaches the threshold, with all partners as columns; 0 if there are none. Gradients
 * are with respect to the unit rows, weighted.
 */
export function infonceOfHighGrades(
  context: LossContext,
  label: string,
  { queries, partners, grades }: VectorPairInput,
  { weight, temperature, threshold }: { weight: number; temperature: number; threshold: number },
): { value: Tensor; dQueries: Tensor; dPartners: Tensor } {
  const counts = grades.map((grade) => (grade >= Math.fround(threshold) ? 1 : 0));
  const kept = counts.reduce((sum, counted) => sum + counted, 0);
  if (kept === 0) {
    return {
      value: keepZeros(context, label, [1]),
      dQueries: keepZeros(context, `dQueries of ${label}`, queries.shape),
      dPartners: keepZeros(context, `dPartners of ${label}`, partners.shape),
    };
  }
  const input = { queries, positives: partners, negatives: null, rowWeights: counts.map((counted) => counted / kept) };
  const { value, dQueries, dPositives } = infonceLoss(context, label, input, { weight, temperature });
  return { value, dQueries, dPartners: dPositives };
}
