/**
 * y = x W^T + b (+ residual), or without b. x [T, K], W [N, K], b [N], y and residual [T, N]. dX = dY W, dW += dY^T x,
 * db += sum over T of dY, as far as they are tracked; the residual's gradient is dY.
 */

import type { Tensor } from '../../device/types.ts';
import { columnSum, matmulNN, matmulNT, matmulPlus, matmulTN } from '../../kernels/matmul.ts';
import type { Parameter } from '../parameter-store.ts';
import type { Tape, Value } from '../tape.ts';

export function linear(tape: Tape, x: Value, weight: Parameter, bias?: Parameter, residual?: Value): Value {
  const y = tape.output(weight.name, shapeOf(x, weight), [x, weight, bias, residual]);
  const product = { ...operands(x, weight, bias), out: y.tensor };
  if (residual) matmulPlus(tape.gpu, { ...product, addend: residual.tensor });
  else matmulNT(tape.gpu, product);
  return tape.record(y, (dY) => {
    if (residual) tape.give(residual, tape.retain(dY));
    linearBackward(tape, { x, weight, bias, dY });
  });
}

/** [T, N] */
export const shapeOf = (x: Value, weight: Parameter): [number, number] => [x.tensor.shape[0]!, weight.value.shape[0]!];

/** What the product x W^T + b reads. */
export const operands = (x: Value, { value, packed }: Parameter, bias: Parameter | undefined) => ({
  ...{ a: x.tensor, b: value, packed },
  bias: bias?.value,
});

interface LinearBackward {
  readonly x: Value;
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly dY: Tensor;
}

/** The gradients of x, W and b, as far as they are tracked. */
export function linearBackward(tape: Tape, { x, weight, bias, dY }: LinearBackward): void {
  const { gpu } = tape;
  if (weight.tracked) matmulTN(gpu, { a: dY, b: x.tensor, out: weight.gradient, accumulate: true });
  if (bias?.tracked) columnSum(gpu, { x: dY, out: bias.gradient, accumulate: true });
  tape.addInto(x, (out, accumulate) => matmulNN(gpu, { a: dY, b: weight.value, out, accumulate }));
}
