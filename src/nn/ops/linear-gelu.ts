/**
 * y = GELU(x W^T + b), exact, x * Phi(x) with erf (Hendrycks and Gimpel 2016). x [T, K], W [N, K], b [N], y [T, N].
 * What GELU was applied to is kept only for the way back.
 */
import { geluBackward } from '../../kernels/elementwise.ts';
import { matmulGelu } from '../../kernels/matmul.ts';
import type { Parameter } from '../parameter-store.ts';
import type { Tape, Value } from '../tape.ts';
import { linearBackward, operands, shapeOf } from './linear.ts';

export function linearGelu(tape: Tape, x: Value, weight: Parameter, bias?: Parameter): Value {
  const { gpu } = tape;
  const shape = shapeOf(x, weight);
  const y = tape.output(`${weight.name}.gelu`, shape, [x, weight, bias]);
  const before = tape.recording && y.tracked ? tape.lease(weight.name, shape) : undefined;
  matmulGelu(gpu, { ...operands(x, weight, bias), out: before, activated: y.tensor });
  if (!before) return tape.record(y, () => {});
  return tape.record(
    y,
    (dOut) => {
      const dY = tape.lease('gelu.dX', shape);
      geluBackward(gpu, { x: before, dOut, dX: dY });
      linearBackward(tape, { x, weight, bias, dY });
      tape.release(dY);
    },
    [before],
  );
}
