/** PRO, preference ranking weighted by the gap of grades (CoDiEmb, arXiv 2508.11442; after arXiv 2306.17492). */
import type { Tensor } from '../../device/types.ts';
import { proBackward, proForward } from '../../kernels/loss.ts';
import { finishLoss, keepZeros, type LossContext } from './context.ts';
import type { PairInput } from './loss.ts';

/** Mean over the pairs that have one of a lower grade; 0 if none has. */
export function proLoss(
  context: LossContext,
  { similarity, grades, dSimilarity }: PairInput,
  { weight, temperature }: { weight: number; temperature: number },
): { value: Tensor } {
  const kept = rowsWithLowerGrade(grades);
  if (kept === 0) return { value: keepZeros(context, 'pro', [1]) };
  const shape = [grades.length];
  const tensors = {
    similarity,
    grades: context.upload('grades', grades),
    losses: context.scratch('pro losses', shape),
    otherShares: context.scratch('pro other shares', shape),
    largestGap: context.scratch('pro largest gap', shape),
  };
  proForward(context.gpu, { ...tensors, temperature });
  proBackward(context.gpu, { ...tensors, dSimilarity, temperature, weight: weight / kept });
  return { value: finishLoss(context, 'pro', { losses: tensors.losses, scale: 1 / kept, weight }) };
}

/** Number of grades that lie above the smallest by more than 1e-8, in f32 as the kernel sees it. */
export function rowsWithLowerGrade(grades: Float32Array): number {
  const smallest = grades.reduce((low, grade) => Math.min(low, grade), Number.POSITIVE_INFINITY);
  return grades.filter((grade) => Math.fround(grade - smallest) > Math.fround(1e-8)).length;
}
