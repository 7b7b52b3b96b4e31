/** Spread-out: the mean squared cosine of different texts of a side (Zhang et al. 2017, arXiv 1708.06320). */
import { rowsOf, type Tensor } from '../../device/types.ts';
import { spreadOut } from '../../kernels/loss-companions.ts';
import { matmulNN, matmulNT } from '../../kernels/matmul.ts';
import { finishLoss, keepZeros, type LossContext, sumOf } from './context.ts';
import type { LossOf } from './loss.ts';
import { spreadSlots, takeSlots } from './slots.ts';
import { checkSize, tileHeight } from './tiles.ts';

/** Of the queries, and of the first positive of each, added; 0 for a single query. */
export const spreadOutLoss: LossOf<'spread-out'> = (context, { queries, positives }, { weight }) => {
  const [B] = queries.shape;
  if (B === 1) {
    return {
      value: keepZeros(context, 'spread-out', [1]),
      dQueries: keepZeros(context, 'dQueries', queries.shape),
      dPositives: keepZeros(context, 'dPositives', positives.shape),
      dNegatives: null,
    };
  }
  const first = new Uint32Array(B);
  const ofQueries = ofSide(context, queries, weight);
  const ofPositives = ofSide(context, takeSlots(context, positives, first), weight);
  return {
    value: sumOf(context, ofQueries.value, [ofQueries.value, ofPositives.value]),
    dQueries: ofQueries.gradient,
    dPositives: spreadSlots(context, [ofPositives.gradient], [first], positives),
    dNegatives: null,
  };
};

/** The mean over i != j of cos_ij^2. Its gradient at row i is 4 / (B (B - 1)) times the sum of cos_ij x_j. */
function ofSide(context: LossContext, side: Tensor, weight: number): { value: Tensor; gradient: Tensor } {
  const { gpu } = context;
  checkSize(gpu, side);
  const [B] = side.shape;
  const share = 1 / (B * (B - 1));
  const gradient = context.keep('spread-out gradient', side.shape);
  const losses = context.scratch('spread-out losses', [B]);
  const height = tileHeight(gpu, B);
  const buffer = context.scratch('cosines of a side', [Math.min(height, B), B]);
  for (let firstRow = 0; firstRow < B; firstRow += height) {
    const rows = Math.min(height, B - firstRow);
    const scores = rowsOf(gpu, buffer, 0, rows);
    matmulNT(gpu, { a: rowsOf(gpu, side, firstRow, rows), b: side, out: scores });
    spreadOut(gpu, { scores, losses, firstRow, scale: 4 * weight * share });
    matmulNN(gpu, { a: scores, b: side, out: rowsOf(gpu, gradient, firstRow, rows) });
  }
  return { value: finishLoss(context, 'spread-out', { losses, scale: share, weight }), gradient };
}
