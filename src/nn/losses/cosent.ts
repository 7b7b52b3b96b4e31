/** CoSENT: every pair of a lower grade beside every pair of a higher one (Su 2022). */
import type { Tensor } from '../../device/types.ts';
import { cosentBackward, cosentForward } from '../../kernels/loss-companions.ts';
import { finishLoss, type LossContext } from './context.ts';
import type { PairInput } from './loss.ts';

/** log(1 + sum of exp(scale (s_i - s_j)) over all y_i < y_j); 0 without gradient where all grades are equal. */
export function cosentLoss(
  context: LossContext,
  input: PairInput,
  { weight, scale }: { weight: number; scale: number },
): { value: Tensor } {
  const losses = recordCosent(context, input, { weight, scale });
  return { value: finishLoss(context, 'cosent', { losses, scale: 1, weight }) };
}

/** Records it for any similarity, adds to its gradient, and returns the loss [1], without weight. */
export function recordCosent(
  context: LossContext,
  { similarity, grades, dSimilarity }: PairInput,
  { weight, scale }: { weight: number; scale: number },
): Tensor {
  const shape = [grades.length];
  const tensors = {
    similarity,
    grades: context.upload('grades', grades),
    losses: context.scratch('cosent loss', [1]),
  };
  const rows = { largest: context.scratch('cosent largest', shape), masses: context.scratch('cosent masses', shape) };
  cosentForward(context.gpu, { ...tensors, ...rows, scale });
  cosentBackward(context.gpu, { ...tensors, dSimilarity, scale, weight });
  return tensors.losses;
}
