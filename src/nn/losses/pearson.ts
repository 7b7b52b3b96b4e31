/** Pearson loss: 1 - correlation of cosines and grades (CoDiEmb, arXiv 2508.11442). */
import type { Tensor } from '../../device/types.ts';
import { pearson } from '../../kernels/loss.ts';
import { finishLoss, keepZeros, type LossContext } from './context.ts';
import type { PairInput } from './loss.ts';

/**
 * 0 without gradient where all grades are equal. Where all cosines are equal in f32, 0 without gradient too, and
 * `warnings.constantSimilarity` (u32 [1], zero before) counts one.
 */
export function pearsonLoss(
  context: LossContext,
  { similarity, grades, dSimilarity }: PairInput,
  { weight }: { weight: number },
): { value: Tensor; warnings: { constantSimilarity: Tensor } } {
  const constantSimilarity = keepZeros(context, 'pearson warnings', [1], 'u32');
  const warnings = { constantSimilarity };
  const centred = unitGrades(grades);
  if (!centred) return { value: keepZeros(context, 'pearson', [1]), warnings };
  const losses = context.scratch('pearson losses', [1]);
  const unit = context.upload('unit grades', centred);
  pearson(context.gpu, { similarity, unitGrades: unit, dSimilarity, losses, warnings: constantSimilarity, weight });
  return { value: finishLoss(context, 'pearson', { losses, scale: 1, weight }), warnings };
}

/** Grades less their mean, of length 1, computed in float64; undefined where all are equal. */
function unitGrades(grades: Float32Array): Float32Array | undefined {
  if (grades.every((grade) => grade === grades[0])) return undefined;
  const mean = grades.reduce((sum, grade) => sum + grade, 0) / grades.length;
  const length = Math.sqrt(grades.reduce((sum, grade) => sum + (grade - mean) ** 2, 0));
  return grades.map((grade) => (grade - mean) / length);
}
