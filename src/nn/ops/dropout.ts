/**
 * Inverted dropout on [T, C]: zero with probability `rate`, else x / (1 - rate). Counter-based: the same kernel on dY,
 * with the same key, is the backward pass, so no mask is kept. Consumes `x`: the caller must not drop it.
 */
import { dropout as dropoutKernel } from '../../kernels/elementwise.ts';
import type { DeviceBatch } from '../batch.ts';
import type { Tape, Value } from '../tape.ts';
import type { DropoutSettings } from '../types.ts';

export function dropout(
  tape: Tape,
  x: Value,
  batch: DeviceBatch,
  settings: DropoutSettings | undefined,
  site: number,
): Value {
  if (settings === undefined || settings.rate === 0) return x;
  const { rate, seed, step } = settings;
  const key = { tokenSample: batch.sampleOfToken, tokenPosition: batch.positions, rate, seed, step, site };
  const y = tape.output(`dropout.${site}`, x.tensor.shape, [x]);
  dropoutKernel(tape.gpu, { x: x.tensor, out: y.tensor, ...key });
  tape.drop(x);
  return tape.record(y, (dOut) => {
    const dX = tape.lease(`dropout.${site}.dX`, x.tensor.shape);
    dropoutKernel(tape.gpu, { x: dOut, out: dX, ...key });
    tape.give(x, dX);
  });
}
