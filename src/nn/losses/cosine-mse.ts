/** Cosine MSE: the mean square of cosine - grade (sentence-transformers' CosineSimilarityLoss). */
import type { Tensor } from '../../device/types.ts';
import { add, scale } from '../../kernels/elementwise.ts';
import { rowDotForward } from '../../kernels/similarity.ts';
import { finishLoss, type LossContext } from './context.ts';
import type { PairInput } from './loss.ts';

/** d/ds of the mean of (s - y)^2 is 2 (s - y) / B. */
export function cosineMseLoss(
  context: LossContext,
  { similarity, grades, dSimilarity }: PairInput,
  { weight }: { weight: number },
): { value: Tensor } {
  const { gpu } = context;
  const B = grades.length;
  const negated = context.upload(
    'negated grades',
    grades.map((grade) => -grade),
  );
  const difference = context.scratch('differences', [B]);
  add(gpu, { a: similarity, b: negated, out: difference });

  const squares = context.scratch('sum of squares', [1]);
  const row = gpu.view(difference, 0, [1, B]);
  rowDotForward(gpu, { a: row, b: row, out: squares });

  const [slope, sum] = [context.scratch('slopes', [B]), context.scratch('dCosines with slopes', [B])];
  scale(gpu, { x: difference, out: slope, factor: (2 * weight) / B });
  add(gpu, { a: dSimilarity, b: slope, out: sum });
  gpu.copy(sum, dSimilarity);
  return { value: finishLoss(context, 'cosine-mse', { losses: squares, scale: 1 / B, weight }) };
}
