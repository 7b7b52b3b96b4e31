/** One vector a text from its pooled tokens: x [T, C] -> [B, C] (conventions of sentence-transformers' Pooling). */
import { poolBackward, poolForward } from '../../kernels/pooling.ts';
import type { DeviceBatch } from '../batch.ts';
import type { PoolingMode } from '../encoders/catalog.ts';
import type { Tape, Value } from '../tape.ts';

export function pool(tape: Tape, x: Value, batch: DeviceBatch, mode: PoolingMode): Value {
  const [, C] = x.tensor.shape as [number, number];
  const y = tape.output(`pool.${mode}`, [batch.B, C]);
  poolForward(tape.gpu, { x: x.tensor, batch, mode, out: y.tensor });
  return tape.record(y, (dOut) => {
    const dX = tape.lease(`pool.${mode}.dX`, x.tensor.shape);
    poolBackward(tape.gpu, { dOut, batch, mode, dX });
    tape.give(x, dX);
  });
}
