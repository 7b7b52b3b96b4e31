/** Teacher matching: the cosines of all texts of a batch, beside those of another model (after arXiv 1907.09682). */
import { rowsOf, type Tensor } from '../../device/types.ts';
import { invariant } from '../../errors.ts';
import { embeddingRows } from '../../kernels/embedding.ts';
import type { LossContext } from './context.ts';
import { meanCosineSquares } from './cosine-squares.ts';
import type { CandidateInput, LossOf } from './loss.ts';

/**
 * The mean over i != j of (cos_ij - teacher cos_ij)^2 over the queries, positives and negatives of a batch, without
 * placeholders of negatives. A text that is shown twice counts twice.
 */
export const teacherMatchingLoss: LossOf<'teacher-matching'> = (context, { teacher, ...input }, { weight }) => {
  invariant(teacher, 'Teacher matching came without the vectors of a teacher');
  const sides = sidesOf(input);
  const rows = shownRows(input);
  const texts = gathered(context, sides, rows);
  const others = gathered(context, sidesOf(teacher), rows);
  const { value, gradient } = meanCosineSquares(context, 'teacher-matching', { texts, others }, weight);
  const [dQueries, dPositives, dNegatives = null] = scattered(context, gradient, rows, sides);
  invariant(dQueries && dPositives, 'a batch of queries and positives');
  return { value, dQueries, dPositives, dNegatives };
};

const sidesOf = ({ queries, positives, negatives }: Pick<CandidateInput, 'queries' | 'positives' | 'negatives'>) => [
  queries,
  positives,
  ...(negatives ? [negatives] : []),
];

/** Numbers of the texts that count, those of all sides counted through. */
function shownRows({ queries, positives, negatives, negativeMask }: CandidateInput): Uint32Array {
  const before = queries.shape[0] + positives.shape[0];
  const count = negatives?.shape[0] ?? 0;
  const perMask = count / (negativeMask?.length || count || 1);
  const isShown = (row: number): boolean =>
    row < before || negativeMask === undefined || negativeMask[Math.floor((row - before) / perMask)] === 1;
  return Uint32Array.from({ length: before + count }, (_, row) => row).filter(isShown);
}

/** The rows [n, width] of matrices under each other. */
function gathered(context: LossContext, sides: readonly Tensor[], rows: Uint32Array): Tensor {
  const width = sides[0]!.shape[1]!;
  const table = context.scratch('all texts', [rowCount(sides), width]);
  eachSide(context, table, sides, (side, place) => context.gpu.copy(side, place));
  const out = context.scratch('texts that count', [rows.length, width]);
  embeddingRows(context.gpu, { ids: context.upload('rows of texts', rows), table, out });
  return out;
}

/** The way back: the gradient of each side, zero where a row does not count. */
function scattered(
  context: LossContext,
  gradient: Tensor,
  rows: Uint32Array,
  sides: readonly Tensor[],
): readonly Tensor[] {
  const { gpu } = context;
  const [count, width] = gradient.shape as [number, number];
  const table = context.scratch('gradients of texts', [count + 1, width]);
  gpu.clear(table);
  gpu.copy(gradient, rowsOf(gpu, table, 0, count));
  const places = new Uint32Array(rowCount(sides)).fill(count);
  rows.forEach((row, at) => {
    places[row] = at;
  });
  const all = context.scratch('gradients of all texts', [places.length, width]);
  embeddingRows(gpu, { ids: context.upload('places of texts', places), table, out: all });
  const own = sides.map((side) => context.keep(`d ${side.label}`, side.shape));
  eachSide(context, all, own, (side, place) => gpu.copy(place, side));
  return own;
}

const rowCount = (sides: readonly Tensor[]): number => sides.reduce((sum, { shape }) => sum + shape[0]!, 0);

/** Each side with its place in `all`, where they stand under each other. */
function eachSide(
  { gpu }: LossContext,
  all: Tensor,
  sides: readonly Tensor[],
  visit: (side: Tensor, place: Tensor) => void,
): void {
  let first = 0;
  for (const side of sides) {
    const count = side.shape[0]!;
    visit(side, rowsOf(gpu, all, first, count));
    first += count;
  }
}
