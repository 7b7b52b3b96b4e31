/** InfoNCE with several positives, hard negatives and in-batch negatives (CoDiEmb, arXiv 2508.11442). */

import { rowsOf, type Tensor } from '../../device/types.ts';
import { invariant } from '../../errors.ts';
import { countLoneTargets, type InfonceBatch, infonceBackward, infonceForward } from '../../kernels/loss-infonce.ts';
import { matmulNN, matmulNT, matmulTN } from '../../kernels/matmul.ts';
import { finishLoss, keepZeros, type LossContext } from './context.ts';
import { type Candidates, prepareExclusion } from './exclusion.ts';
import type { CandidateInput, LossOf } from './loss.ts';
import { checkSize, tileHeight } from './tiles.ts';

/** Cosines differ by 2 at most, so this margin drops nothing. */
const NO_MARGIN = 2;
const OFF = 3e38;

export interface InfonceInput extends Candidates {
  /** [B]: one positive slot drawn for each query; without it the loss is the mean over all slots. */
  readonly slots?: Uint32Array;
  /** [B]: weight of each row in the mean, 1/B by default. */
  readonly rowWeights?: Float32Array;
}

export interface InfonceParameters {
  readonly weight: number;
  readonly temperature: number;
  /** Drops a candidate whose cosine is above the target's by more than this; 2 (the default) drops none. */
  readonly margin?: number;
  /** u32 [1], to which the rows are added whose target is the only column left: they give 0 and no gradient. */
  readonly loneTargets?: Tensor;
  /** Rows of a tile at most (tests); a multiple of 64. */
  readonly tileRows?: number;
}

export interface InfonceResult {
  readonly value: Tensor;
  /** Weighted gradients with respect to the unit rows. */
  readonly dQueries: Tensor;
  readonly dPositives: Tensor;
  readonly dNegatives: Tensor | null;
}

/** Records loss and gradients, tile by tile of query rows. Throws LIMIT_EXCEEDED where a matrix exceeds one binding. */
export function infonceLoss(
  context: LossContext,
  label: string,
  input: InfonceInput,
  parameters: InfonceParameters,
): InfonceResult {
  const { queries, positives, negatives } = input;
  const B = queries.shape[0];
  for (const tensor of [queries, positives, ...(negatives ? [negatives] : [])]) checkSize(context.gpu, tensor);
  const batch = prepareBatch(context, input, parameters);
  const result = {
    dQueries: context.keep('dQueries', queries.shape),
    dPositives: context.keep('dPositives', positives.shape),
    dNegatives: negatives && context.keep('dNegatives', negatives.shape),
  };
  const counts = mayLeaveNone(input, batch) ? parameters.loneTargets : undefined;
  const size = tileHeight(context.gpu, Math.max(positives.shape[0], negatives?.shape[0] ?? 0), parameters.tileRows);
  const exclude = prepareExclusion(context, input, size);
  const tiles = Math.ceil(B / size);
  const positiveBuffer = context.scratch('positive scores', [Math.min(size, B), positives.shape[0]]);
  const negativeBuffer = negatives && context.scratch('negative scores', [Math.min(size, B), negatives.shape[0]]);
  for (let tile = 0; tile < tiles; tile++) {
    const firstRow = tile * size;
    const rows = Math.min(size, B - firstRow);
    const view = (tensor: Tensor) => rowsOf(context.gpu, tensor, firstRow, rows);
    const scores = {
      positiveScores: rowsOf(context.gpu, positiveBuffer, 0, rows),
      negativeScores: negativeBuffer && rowsOf(context.gpu, negativeBuffer, 0, rows),
    };
    matmulNT(context.gpu, { a: view(queries), b: positives, out: scores.positiveScores });
    if (scores.negativeScores && negatives)
      matmulNT(context.gpu, { a: view(queries), b: negatives, out: scores.negativeScores });
    exclude({ ...scores, firstRow });
    infonceForward(context.gpu, batch, { ...scores, firstRow });
    if (counts) countLoneTargets(context.gpu, batch, { ...scores, firstRow }, counts);
    infonceBackward(context.gpu, batch, { ...scores, firstRow }, parameters.weight);
    matmulNN(context.gpu, { a: scores.positiveScores, b: positives, out: view(result.dQueries) });
    const accumulate = tile > 0;
    matmulTN(context.gpu, { a: scores.positiveScores, b: view(queries), out: result.dPositives, accumulate });
    if (scores.negativeScores && negatives && result.dNegatives) {
      matmulNN(context.gpu, { a: scores.negativeScores, b: negatives, out: view(result.dQueries), accumulate: true });
      matmulTN(context.gpu, { a: scores.negativeScores, b: view(queries), out: result.dNegatives, accumulate });
    }
  }
  const value = finishLoss(context, label, { losses: batch.losses, scale: 1, weight: parameters.weight });
  return { value, ...result };
}

/** Uploads slots and row weights and makes room for what the rows keep. */
function prepareBatch(context: LossContext, input: InfonceInput, parameters: InfonceParameters): InfonceBatch {
  const B = input.queries.shape[0];
  const P = input.positives.shape[0] / B;
  invariant(Number.isInteger(P) && P > 0, `${input.positives.shape[0]} positives do not divide into ${B} queries`);
  const slots = input.slots ?? Uint32Array.from({ length: B * P }, (_, index) => Math.floor(index / B));
  invariant(slots.length % B === 0 && slots.every((slot) => slot < P), `The slots are not ${B} numbers below ${P}`);
  const K = slots.length / B;
  const weights = input.rowWeights ?? new Float32Array(B).fill(1 / B);
  const margin = parameters.margin ?? NO_MARGIN;
  return {
    slots: context.upload('slots', slots, [K, B]),
    rowWeights: context.upload(
      'row weights',
      weights.map((weight) => weight / K),
    ),
    losses: context.scratch('weighted row losses', [B * K]),
    rowLosses: context.scratch('row losses', [B * K]),
    otherShares: context.scratch('other shares', [B * K]),
    targetScores: context.scratch('target scores', [B * K]),
    positives: P,
    temperature: parameters.temperature,
    margin: margin >= NO_MARGIN ? OFF : margin,
  };
}

/** Of several queries, only a margin, known positives and a guide take every candidate from one. */
const mayLeaveNone = ({ queries, texts, guide }: InfonceInput, { margin }: InfonceBatch): boolean =>
  queries.shape[0] === 1 || texts !== undefined || guide !== undefined || margin < NO_MARGIN;

interface CandidateChoice {
  readonly positives: 'all' | 'sample';
  readonly knownPositives: boolean;
}

/** The input with what the parameters ask for: the drawn slot of each query, and the texts of known positives. */
export function chosenCandidates(
  { slots, texts, ...input }: CandidateInput,
  { positives, knownPositives }: CandidateChoice,
): InfonceInput {
  const isSample = positives === 'sample';
  const isDrawn = slots?.length === input.queries.shape[0];
  invariant(!isSample || isDrawn, 'The InfoNCE variant "sample" came without a slot for each query');
  invariant(!knownPositives || texts, 'Known positives are to be masked, but the texts are not given');
  return { ...input, ...(isSample && { slots }), ...(knownPositives && { texts }) };
}

/** The loss of the catalog. With `positives: sample` it reads one drawn positive of each query. */
export const candidateInfonceLoss: LossOf<'infonce'> = (
  context,
  input,
  { positives, knownPositives, ...parameters },
) => {
  const loneTargets = keepZeros(context, 'infonce lone targets', [1], 'u32');
  const chosen = chosenCandidates(input, { positives, knownPositives });
  return {
    ...infonceLoss(context, 'infonce', chosen, { ...parameters, loneTargets }),
    warnings: { infonceWithoutCandidates: loneTargets },
  };
};
