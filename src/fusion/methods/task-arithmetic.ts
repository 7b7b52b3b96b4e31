/** Task arithmetic: theta_0 + lambda * sum_k w_k delta_k. Source: Ilharco et al. 2023, arXiv 2212.04089. */
import { plusDeltas } from '../sums.ts';
import type { Method } from './method.ts';

export const taskArithmetic: Method<'task-arithmetic'> = ({ lambda }, _models, pause) => ({
  merge: (_, tensor) => plusDeltas(tensor, tensor.weights, { factor: lambda, divisor: 1 }, pause),
});
