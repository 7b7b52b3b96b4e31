/** Exact GELU, x * Phi(x) with erf (Hendrycks and Gimpel 2016); any shape. */
import { geluBackward, geluForward } from '../../kernels/elementwise.ts';
import type { Tape, Value } from '../tape.ts';

export function gelu(tape: Tape, x: Value): Value {
  const y = tape.output('gelu', x.tensor.shape);
  geluForward(tape.gpu, { x: x.tensor, out: y.tensor });
  return tape.record(y, (dOut) => {
    const dX = tape.lease('gelu.dX', x.tensor.shape);
    geluBackward(tape.gpu, { x: x.tensor, dOut, dX });
    tape.give(x, dX);
  });
}
