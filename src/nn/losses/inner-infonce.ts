/** InfoNCE of query to partner on the inner layer, over the pairs of a high grade (CoDiEmb, arXiv 2508.11442). */
import type { LossOf } from './loss.ts';
import { infonceOfHighGrades } from './pair-infonce.ts';

export const innerInfonceLoss: LossOf<'inner-infonce'> = (context, input, parameters) =>
  infonceOfHighGrades(context, 'inner-infonce', input, parameters);
