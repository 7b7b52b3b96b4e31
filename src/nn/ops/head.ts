/** A task's head: y = x W^T. x [B, D], W [D, D], y [B, D]. With the identity, as it begins, y has the bits of x. */
import type { Task } from '../../data/types.ts';
import { headName } from '../../model/heads.ts';
import type { Parameters } from '../parameter-store.ts';
import type { Tape, Value } from '../tape.ts';
import { linear } from './linear.ts';

/** Consumes `x`. */
export function head(tape: Tape, x: Value, task: Task, parameters: Parameters): Value {
  const y = linear(tape, x, parameters.get(headName(task)));
  tape.drop(x);
  return y;
}
