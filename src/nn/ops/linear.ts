/**
 * y = x W^T + b, or without b. x [T, K], W [N, K], b [N], y [T, N]. dX = dY W, dW += dY^T x, db += sum over T of dY.
 */
import { columnSum, matmulNN, matmulNT, matmulTN } from '../../kernels/matmul.ts';
import type { Parameter } from '../parameter-store.ts';
import type { Tape, Value } from '../tape.ts';

export function linear(tape: Tape, x: Value, weight: Parameter, bias?: Parameter): Value {
  const { gpu } = tape;
  const [T] = x.tensor.shape as [number];
  const [N] = weight.value.shape as [number];
  const y = tape.output(weight.name, [T, N]);
  matmulNT(gpu, { a: x.tensor, b: weight.value, ...(bias && { bias: bias.value }), out: y.tensor });
  return tape.record(y, (dY) => {
    matmulTN(gpu, { a: dY, b: x.tensor, out: weight.gradient, accumulate: true });
    if (bias) columnSum(gpu, { x: dY, out: bias.gradient, accumulate: true });
    tape.addInto(x, (out, accumulate) => matmulNN(gpu, { a: dY, b: weight.value, out, accumulate }));
  });
}
