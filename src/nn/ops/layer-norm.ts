/**
 * LayerNorm over the channels (Ba et al. 2016): x, y [T, C]; gamma, beta [C], beta may be absent; mean and 1/std per
 * token kept for the way back.
 */
import { layerNormBackward, layerNormForward } from '../../kernels/norm.ts';
import type { Parameter } from '../parameter-store.ts';
import type { Tape, Value } from '../tape.ts';

export function layerNorm(tape: Tape, x: Value, gamma: Parameter, beta: Parameter | undefined, epsilon: number): Value {
  const { gpu } = tape;
  const [T] = x.tensor.shape as [number];
  const y = tape.output(gamma.name, x.tensor.shape, [x, gamma, beta]);
  const mean = tape.lease(`${gamma.name}.mean`, [T]);
  const rstd = tape.lease(`${gamma.name}.rstd`, [T]);
  layerNormForward(gpu, { x: x.tensor, gamma: gamma.value, beta: beta?.value, out: y.tensor, mean, rstd, epsilon });
  const backward = (dOut: Value['tensor']): void => {
    const dX = x.tracked ? tape.lease(`${gamma.name}.dX`, x.tensor.shape) : undefined;
    layerNormBackward(gpu, {
      x: x.tensor,
      gamma: gamma.value,
      mean,
      rstd,
      dOut,
      dX,
      dGamma: gamma.tracked ? gamma.gradient : undefined,
      dBeta: beta?.tracked ? beta.gradient : undefined,
    });
    if (dX) tape.give(x, dX);
  };
  return tape.record(y, backward, [mean, rstd]);
}
