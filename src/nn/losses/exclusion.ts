/** Which candidates of InfoNCE do not count: their scores are put so low that they have no mass. */
import { rowsOf, type Tensor } from '../../device/types.ts';
import { invariant } from '../../errors.ts';
import { excludeAbove, excludeColumns, type ScoreTile } from '../../kernels/loss-infonce.ts';
import { matmulNT } from '../../kernels/matmul.ts';
import type { LossContext } from './context.ts';
import type { CandidateTexts, TeacherVectors } from './loss.ts';

/** All vectors are unit rows. */
export interface Candidates {
  /** [B, C]. */
  readonly queries: Tensor;
  /** [B*P, C], query-major: q0p0, q0p1, ... */
  readonly positives: Tensor;
  /** [B*N, C], query-major, or null. */
  readonly negatives: Tensor | null;
  /** 0 = that negative is a placeholder and is masked; [B*N], or [B] for all negatives of a query. */
  readonly negativeMask?: Uint8Array;
  /** Given = known positives among the candidates are masked. */
  readonly texts?: CandidateTexts;
  /** Given, where each query has one positive = candidates above the target for this teacher are masked. */
  readonly guide?: TeacherVectors;
}

/** Takes columns out of a tile's scores. */
type Excluder = (tile: ScoreTile) => void;

/** Of tiles of at most `tileRows` rows. */
export function prepareExclusion(context: LossContext, input: Candidates, tileRows: number): Excluder {
  const excluders = [maskedColumns(context, input), aboveTarget(context, input, tileRows)];
  return (tile) => {
    for (const exclude of excluders) exclude?.(tile);
  };
}

/** Placeholders among the negatives, and known positives; undefined where there are none. */
function maskedColumns(
  context: LossContext,
  { queries, positives, negatives, negativeMask, texts }: Candidates,
): Excluder | undefined {
  const isMasked = negativeMask?.some((valid) => valid === 0) ?? false;
  if (!texts && !isMasked) return undefined;
  const [B, positiveCount, negativeCount] = [queries.shape[0], positives.shape[0], negatives?.shape[0] ?? 0];
  const perMask = negativeCount / (negativeMask?.length || negativeCount || 1);
  const starts = new Uint32Array(B + 1);
  texts?.known.forEach((known, query) => {
    starts[query + 1] = starts[query] + known.length;
  });
  const lists = {
    knownStarts: context.upload('known starts', starts),
    knownTexts: context.upload('known texts', Uint32Array.from(texts ? [...texts.known.flat(), 0] : [0])),
  };
  const ofPositives = {
    ...lists,
    columnValid: context.upload('positives valid', new Uint32Array(positiveCount).fill(1)),
    columnText: context.upload('positive texts', texts?.positives ?? new Uint32Array(positiveCount)),
  };
  const ofNegatives = negatives && {
    ...lists,
    columnValid: context.upload(
      'negatives valid',
      Uint32Array.from({ length: negativeCount }, (_, column) => negativeMask?.[Math.floor(column / perMask)] ?? 1),
    ),
    columnText: context.upload('negative texts', texts?.negatives ?? new Uint32Array(negativeCount)),
  };
  return ({ positiveScores, negativeScores, firstRow }) => {
    if (texts)
      excludeColumns(context.gpu, { ...ofPositives, scores: positiveScores, firstRow, ownColumns: positiveCount / B });
    if (ofNegatives && negativeScores)
      excludeColumns(context.gpu, { ...ofNegatives, scores: negativeScores, firstRow, ownColumns: 0 });
  };
}

/**
 * Candidates that the guide finds nearer to the query than the target (GISTEmbed, arXiv 2402.16829). Its cosines are
 * products whose order of sums does not depend on their shape, so that equal texts have equal ones.
 */
function aboveTarget(
  { gpu, scratch }: LossContext,
  { queries, positives, guide }: Candidates,
  tileRows: number,
): Excluder | undefined {
  if (!guide) return undefined;
  const [B] = queries.shape;
  invariant(positives.shape[0] === B, 'A guide compares with one target of each query');
  const cosinesOf = (vectors: Tensor): Tensor =>
    scratch('cosines of the guide', [Math.min(tileRows, B), vectors.shape[0]]);
  const [ofPositives, ofNegatives] = [cosinesOf(guide.positives), guide.negatives && cosinesOf(guide.negatives)];
  return ({ positiveScores, negativeScores, firstRow }) => {
    const rows = positiveScores.shape[0];
    const own = rowsOf(gpu, guide.queries, firstRow, rows);
    const targetGuide = rowsOf(gpu, ofPositives, 0, rows);
    matmulNT(gpu, { a: own, b: guide.positives, out: targetGuide });
    excludeAbove(gpu, { scores: positiveScores, guide: targetGuide, targetGuide, firstRow });
    if (!(negativeScores && guide.negatives && ofNegatives)) return;
    const cosines = rowsOf(gpu, ofNegatives, 0, rows);
    matmulNT(gpu, { a: own, b: guide.negatives, out: cosines });
    excludeAbove(gpu, { scores: negativeScores, guide: cosines, targetGuide, firstRow });
  };
}
