/** InfoNCE of query to partner on the inner layer, over the pairs of a high grade (CoDiEmb, arXiv 2508.11442). */
import type { Tensor } from '../../device/types.ts';
import { keepZeros, type LossContext } from './context.ts';
import { infonceLoss } from './infonce.ts';
import type { VectorPairInput } from './loss.ts';

/**
 * Mean over the rows whose grade reaches the threshold, with all partners as columns; 0 if there are none. queries,
 * partners: unit rows [B, C] of the inner layer. Gradients are with respect to the unit rows, weighted.
 */
export function innerInfonceLoss(
  context: LossContext,
  { queries, partners, grades }: VectorPairInput,
  { weight, temperature, threshold }: { weight: number; temperature: number; threshold: number },
): { value: Tensor; dQueries: Tensor; dPartners: Tensor } {
  const counts = grades.map((grade) => (grade >= Math.fround(threshold) ? 1 : 0));
  const kept = counts.reduce((sum, counted) => sum + counted, 0);
  if (kept === 0) {
    const zeros = (label: string, shape: readonly number[]) => keepZeros(context, label, shape);
    return {
      value: zeros('inner-infonce', [1]),
      dQueries: zeros('dInnerQueries', queries.shape),
      dPartners: zeros('dInnerPartners', partners.shape),
    };
  }
  const input = { queries, positives: partners, negatives: null, rowWeights: counts.map((counted) => counted / kept) };
  const { value, dQueries, dPositives } = infonceLoss(context, 'inner-infonce', input, { weight, temperature });
  return { value, dQueries, dPartners: dPositives };
}
