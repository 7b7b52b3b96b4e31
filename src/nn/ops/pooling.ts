/**
 * One vector a text from its pooled tokens: x [T, C] -> [B, C], or [B, n C] with the vectors of n modes joined end to
 * end (arithmetic of sentence-transformers' Pooling).
 */
import type { Tensor } from '../../device/types.ts';
import { poolBackward, poolForward, poolMaxBackward, poolMaxForward } from '../../kernels/pooling.ts';
import { poolingList } from '../../model/pooling.ts';
import type { Pooling, PoolingMode } from '../../model/types.ts';
import type { DeviceBatch } from '../batch.ts';
import type { Tape, Value } from '../tape.ts';

/** Gives a mode's share of x's gradient. */
type Backward = (dOut: Tensor, dX: Tensor) => void;

export function pool(tape: Tape, x: Value, batch: DeviceBatch, pooling: Pooling): Value {
  const [, C] = x.tensor.shape as [number, number];
  const modes = poolingList(pooling);
  const y = tape.output(`pool.${modes.join('+')}`, [batch.B, modes.length * C], [x]);
  const kept: Tensor[] = [];
  const backwards = modes.map((mode, index) => poolMode(tape, { x, batch, mode, column: index * C, y, kept }));
  return tape.record(
    y,
    (dOut) => {
      for (const backward of backwards) {
        const dX = tape.lease('pool.dX', x.tensor.shape);
        backward(dOut, dX);
        tape.give(x, dX);
      }
    },
    kept,
  );
}

interface ModeInput {
  readonly x: Value;
  readonly batch: DeviceBatch;
  readonly mode: PoolingMode;
  readonly column: number;
  readonly y: Value;
  /** Gets what the backward pass needs. */
  readonly kept: Tensor[];
}

function poolMode(tape: Tape, { x, batch, mode, column, y, kept }: ModeInput): Backward {
  const { gpu } = tape;
  const input = { x: x.tensor, batch, out: y.tensor, column };
  if (mode !== 'max') {
    poolForward(gpu, { ...input, mode });
    return (dOut, dX) => poolBackward(gpu, { dOut, batch, mode, dX, column });
  }
  const [, C] = x.tensor.shape as [number, number];
  const winner = tape.lease('pool.max.winner', [batch.B, C], 'u32');
  kept.push(winner);
  poolMaxForward(gpu, { ...input, winner });
  return (dOut, dX) => poolMaxBackward(gpu, { dOut, batch, winner, dX, column });
}
