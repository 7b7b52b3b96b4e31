/**
 * How much a long task gives the device at once. Commands that are under way cannot be taken back, so a search that comes, or an
 * abort, waits for them: on an adapter that runs on a CPU a piece is cut to about a second's work. Texts are never cut, so a
 * long text of a large model is a piece that takes longer.
 */

import type { AdapterReport } from '../device/types.ts';
import { elementCount } from '../model/parameters.ts';
import { modelParameters } from '../model/pipeline.ts';
import type { EncoderSpec } from './types.ts';

/** Floating-point operations that a software adapter does in one to two seconds. */
const softwarePiece = 8e9;
/** Rows below which the products' tiles are not full. */
const fewestTokens = 32;

/** Tokens of one piece; no bound on hardware. `passes`: 1 for encoding, 3 for going forward and back. */
export function pieceTokens({ software }: Pick<AdapterReport, 'software'>, spec: EncoderSpec, passes: 1 | 3): number {
  if (!software) return Number.POSITIVE_INFINITY;
  const matrices = modelParameters(spec).filter(({ shape, group }) => shape.length === 2 && group.startsWith('layer.'));
  const weights = matrices.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  // A multiplication and an addition for each weight.
  return Math.max(fewestTokens, Math.floor(softwarePiece / (2 * passes * weights)));
}
