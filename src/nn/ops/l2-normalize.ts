/** Rows of length one: x / max(||x||, 1e-12) (torch's F.normalize). x, y [B, C]. */
import { l2NormalizeBackward, l2NormalizeForward } from '../../kernels/norm.ts';
import type { Tape, Value } from '../tape.ts';

export function l2Normalize(tape: Tape, x: Value): Value {
  const [B] = x.tensor.shape as [number];
  const y = tape.output('l2-normalize', x.tensor.shape, [x]);
  const norm = tape.lease('l2-normalize.norm', [B]);
  l2NormalizeForward(tape.gpu, { x: x.tensor, out: y.tensor, norm });
  const backward = (dOut: Value['tensor']): void => {
    const dX = tape.lease('l2-normalize.dX', x.tensor.shape);
    l2NormalizeBackward(tape.gpu, { out: y.tensor, norm, dOut, dX });
    tape.give(x, dX);
  };
  return tape.record(y, backward, [norm]);
}
