/**
 * RMSNorm (Zhang and Sennrich 2019): x, y [T, N * W], gamma [W]; every W channels are a row, so N = 1 or one per head.
 */
import { elementCount } from '../../device/types.ts';
import { rmsNormBackward, rmsNormForward } from '../../kernels/rms-norm.ts';
import type { Parameter } from '../parameter-store.ts';
import type { Tape, Value } from '../tape.ts';

export function rmsNorm(tape: Tape, x: Value, gamma: Parameter, epsilon: number): Value {
  const { gpu } = tape;
  const rows = elementCount(x.tensor.shape) / elementCount(gamma.value.shape);
  const y = tape.output(gamma.name, x.tensor.shape, [x, gamma]);
  const rstd = tape.lease(`${gamma.name}.rstd`, [rows]);
  rmsNormForward(gpu, { x: x.tensor, gamma: gamma.value, out: y.tensor, rstd, epsilon });
  const backward = (dOut: Value['tensor']): void => {
    const dX = x.tracked ? tape.lease(`${gamma.name}.dX`, x.tensor.shape) : undefined;
    const dGamma = gamma.tracked ? gamma.gradient : undefined;
    rmsNormBackward(gpu, { x: x.tensor, gamma: gamma.value, rstd, dOut, dX, dGamma });
    if (dX) tape.give(x, dX);
  };
  return tape.record(y, backward, [rstd]);
}
