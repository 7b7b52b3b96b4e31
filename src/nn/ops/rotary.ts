/** Rotary position embedding (Su et al. 2021) of queries or keys: x, y [T, H * D], turned by each token's position. */

import { rotaryTable, rotate } from '../../kernels/rotary.ts';
import type { RopeScaling } from '../../model/types.ts';
import type { DeviceBatch } from '../batch.ts';
import type { Tape, Value } from '../tape.ts';

/** Cosines and sines on the device, [positions, 2, D / 2]. Drop `value` when the last block has used them. */
export interface RotaryAngles {
  readonly value: Value;
  /** D */
  readonly size: number;
}

const tables = new Map<string, Float32Array>();

/** The table up to `positions`, made once for each base, stretching and head size and lengthened in powers of two. */
function tableOf(positions: number, size: number, theta: number, scaling?: RopeScaling): Float32Array {
  const key = JSON.stringify([size, theta, scaling]);
  let table = tables.get(key);
  if (table === undefined || table.length < positions * size) {
    table = rotaryTable(2 ** Math.ceil(Math.log2(Math.max(64, positions))), size, theta, scaling);
    tables.set(key, table);
  }
  return table.subarray(0, positions * size);
}

/** Copies the angles of a batch's positions to the device. */
export function rotaryAngles(
  tape: Tape,
  { maxLength }: DeviceBatch,
  size: number,
  theta: number,
  scaling?: RopeScaling,
): RotaryAngles {
  const value = tape.input('rotary.angles', [maxLength, size], false);
  tape.gpu.write(value.tensor, tableOf(maxLength, size, theta, scaling));
  return { value, size };
}

/** Consumes `x`: the caller must not drop it. */
export function rotary(tape: Tape, x: Value, batch: DeviceBatch, { value, size }: RotaryAngles): Value {
  const y = tape.output('rotary', x.tensor.shape, [x, value]);
  const angles = { positions: batch.positions, table: value.tensor, size };
  rotate(tape.gpu, { ...angles, x: x.tensor, out: y.tensor, back: false });
  tape.drop(x);
  return tape.record(y, (dOut) => {
    const dX = tape.lease('rotary.dX', x.tensor.shape);
    rotate(tape.gpu, { ...angles, x: dOut, out: dX, back: true });
    tape.give(x, dX);
  });
}
