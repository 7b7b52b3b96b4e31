/** The mean squared cosine of different texts, or its distance from that of another model, with its gradient. */
import { rowsOf, type Tensor } from '../../device/types.ts';
import { offDiagonalSquares } from '../../kernels/loss-companions.ts';
import { matmulNN, matmulNT, matmulPlus } from '../../kernels/matmul.ts';
import { finishLoss, keepZeros, type LossContext } from './context.ts';
import { checkSize, tileHeight } from './tiles.ts';

/** All unit rows. */
interface Rows {
  /** [M, C]. */
  readonly texts: Tensor;
  /** [M, D], the same texts by a model whose cosines are subtracted; its vectors are constants. */
  readonly others?: Tensor;
}

/**
 * The mean over i != j of (cos_ij - other cos_ij)^2; 0 for one row. Its gradient at row i, weighted, is
 * 4 weight / (M (M - 1)) times the sum of (cos_ij - other cos_ij) x_j, since each pair counts twice.
 */
export function meanCosineSquares(
  context: LossContext,
  label: string,
  { texts, others }: Rows,
  weight: number,
): { value: Tensor; gradient: Tensor } {
  const { gpu } = context;
  const [M] = texts.shape;
  if (M === 1) return { value: keepZeros(context, label, [1]), gradient: keepZeros(context, 'gradient', texts.shape) };
  for (const rows of others ? [texts, others] : [texts]) checkSize(gpu, rows);
  const share = 1 / (M * (M - 1));
  const gradient = context.keep(`${label} gradient`, texts.shape);
  const losses = context.scratch(`${label} losses`, [M]);
  const height = tileHeight(gpu, M);
  const cosines = context.scratch('cosines of texts', [Math.min(height, M), M]);
  const negated = others && context.scratch('negated cosines', cosines.shape);
  for (let firstRow = 0; firstRow < M; firstRow += height) {
    const rows = Math.min(height, M - firstRow);
    const own = (matrix: Tensor): Tensor => rowsOf(gpu, matrix, firstRow, rows);
    const scores = rowsOf(gpu, cosines, 0, rows);
    if (others && negated) {
      const addend = rowsOf(gpu, negated, 0, rows);
      matmulNT(gpu, { a: own(others), b: others, out: addend, alpha: -1 });
      matmulPlus(gpu, { a: own(texts), b: texts, addend, out: scores });
    } else {
      matmulNT(gpu, { a: own(texts), b: texts, out: scores });
    }
    offDiagonalSquares(gpu, { scores, losses, firstRow, scale: 4 * weight * share });
    matmulNN(gpu, { a: scores, b: texts, out: own(gradient) });
  }
  return { value: finishLoss(context, label, { losses, scale: share, weight }), gradient };
}
