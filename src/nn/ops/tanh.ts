/** y = tanh(x); any shape. dX = dY (1 - y^2). */
import { tanhBackward, tanhForward } from '../../kernels/tanh.ts';
import type { Tape, Value } from '../tape.ts';

export function tanh(tape: Tape, x: Value): Value {
  const y = tape.output('tanh', x.tensor.shape, [x]);
  tanhForward(tape.gpu, { x: x.tensor, out: y.tensor });
  return tape.record(y, (dOut) => {
    const dX = tape.lease('tanh.dX', x.tensor.shape);
    tanhBackward(tape.gpu, { y: y.tensor, dOut, dX });
    tape.give(x, dX);
  });
}
