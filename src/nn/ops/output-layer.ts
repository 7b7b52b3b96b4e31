/**
 * The end of a part of a block: y = dropout(x W^T + b) + residual. x [T, K], W [N, K], b [N], y and residual [T, N].
 * Consumes `x`, not the residual.
 */
import type { DeviceBatch } from '../batch.ts';
import type { Parameter } from '../parameter-store.ts';
import type { Tape, Value } from '../tape.ts';
import type { DropoutSettings } from '../types.ts';
import { dropout } from './dropout.ts';
import { linear } from './linear.ts';
import { residualAdd } from './residual.ts';

export interface OutputLayer {
  readonly x: Value;
  readonly weight: Parameter;
  readonly bias: Parameter | undefined;
  readonly residual: Value;
  readonly batch: DeviceBatch;
  /** Absent = no dropout. */
  readonly dropout?: DropoutSettings | undefined;
  /** Number of the dropout's place. */
  readonly site: number;
}

export function outputLayer(tape: Tape, layer: OutputLayer): Value {
  const { x, weight, bias, residual, batch, dropout: settings, site } = layer;
  const drops = settings !== undefined && settings.rate > 0;
  const y = linear(tape, x, weight, bias, drops ? undefined : residual);
  tape.drop(x);
  if (!drops) return y;
  const change = dropout(tape, y, batch, settings, site);
  const sum = residualAdd(tape, change, residual);
  tape.drop(change);
  return sum;
}
