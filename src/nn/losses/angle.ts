/** AnglE: CoSENT's form on the angle between vectors read as complex numbers (Li and Li 2023, arXiv 2309.12871). */
import type { Tensor } from '../../device/types.ts';
import { badInput } from '../../errors.ts';
import { angleBackward, angleForward } from '../../kernels/loss-companions.ts';
import { finishLoss, keepZeros, type LossContext } from './context.ts';
import { recordCosent } from './cosent.ts';
import type { VectorPairInput } from './loss.ts';

/**
 * CoSENT of |cos + sum of (b_k c_k - a_k d_k)|, [a; b] the halves of the query, [c; d] those of the partner. Throws
 * BAD_USER_INPUT where the width is odd.
 */
export function angleLoss(
  context: LossContext,
  { queries, partners, grades }: VectorPairInput,
  { weight, scale }: { weight: number; scale: number },
): { value: Tensor; dQueries: Tensor; dPartners: Tensor } {
  const [B, width] = queries.shape;
  if (width % 2 === 1) {
    throw badInput(`AnglE needs two halves of a vector, the model's vectors have ${width} components`, {
      field: 'losses.sts',
      expected: 'vectors of an even number of components',
      remedy: 'Use cosent, or a model of an even width.',
    });
  }
  const pairs = {
    x: queries,
    z: partners,
    signed: context.scratch('signed similarity', [B]),
    similarity: context.scratch('angle similarity', [B]),
  };
  const dSimilarity = keepZeros(context, 'dAngle', [B]);
  angleForward(context.gpu, pairs);
  const losses = recordCosent(context, { similarity: pairs.similarity, grades, dSimilarity }, { weight, scale });
  const dQueries = context.keep('dQueries', queries.shape);
  const dPartners = context.keep('dPartners', partners.shape);
  const { x, z, signed } = pairs;
  angleBackward(context.gpu, { x, z, signed, dSimilarity, dX: dQueries, dZ: dPartners });
  return { value: finishLoss(context, 'angle', { losses, scale: 1, weight }), dQueries, dPartners };
}
