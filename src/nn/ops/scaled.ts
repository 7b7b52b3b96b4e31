/** y = factor * x, any shape. Consumes `x`: the caller must not drop it. */
import { scale } from '../../kernels/elementwise.ts';
import type { Tape, Value } from '../tape.ts';

export function scaled(tape: Tape, x: Value, factor: number): Value {
  if (factor === 1) return x;
  const y = tape.output('scaled', x.tensor.shape, [x]);
  scale(tape.gpu, { x: x.tensor, out: y.tensor, factor });
  tape.drop(x);
  return tape.record(y, (dOut) => {
    const dX = tape.lease('scaled.dX', x.tensor.shape);
    scale(tape.gpu, { x: dOut, out: dX, factor });
    tape.give(x, dX);
  });
}
