/** y = a + b, shapes equal. Both inputs share the gradient of y. */
import { add } from '../../kernels/elementwise.ts';
import type { Tape, Value } from '../tape.ts';

export function residualAdd(tape: Tape, a: Value, b: Value): Value {
  const y = tape.output('residual', a.tensor.shape, [a, b]);
  add(tape.gpu, { a: a.tensor, b: b.tensor, out: y.tensor });
  return tape.record(y, (dOut) => {
    tape.give(a, tape.retain(dOut));
    tape.give(b, tape.retain(dOut));
  });
}
