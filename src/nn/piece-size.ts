/**
 * How much of its work a long task gives the device at once. Commands that were submitted cannot be taken back, so a
 * search or an abort waits for them: where a device bounds its pieces (`DeviceTraits.piece`), one takes about a second.
 * Texts are never cut, so a long text of a large model can make a piece that takes longer.
 */

import type { Gpu } from '../device/types.ts';
import { elementCount } from '../model/parameter-shapes.ts';
import { modelParameters } from '../model/pipeline.ts';
import type { EncoderSpec } from './types.ts';

/** With fewer rows than this the tiles of matrix products are not full. */
const fewestTokens = 32;

/** Whether a piece takes the device about a second, so that no second one should be queued behind it. */
export const isPaced = ({ traits }: Pick<Gpu, 'traits'>): boolean => Number.isFinite(traits.piece);

/** Tokens of one piece; Infinity = no bound. `passes`: 1 for encoding, 3 for a forward and a backward pass. */
export function pieceTokens(gpu: Pick<Gpu, 'traits'>, spec: EncoderSpec, passes: 1 | 3): number {
  if (!isPaced(gpu)) return Number.POSITIVE_INFINITY;
  const matrices = modelParameters(spec).filter(({ shape, group }) => shape.length === 2 && group.startsWith('layer.'));
  const weights = matrices.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  // A multiplication and an addition for each weight.
  return Math.max(fewestTokens, Math.floor(gpu.traits.piece / (2 * passes * weights)));
}
