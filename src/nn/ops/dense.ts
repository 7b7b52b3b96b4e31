/**
 * A dense layer behind pooling: y = activation(x W^T + b). x [B, K], W [N, K], y [B, N] (sentence-transformers' Dense).
 */
import { denseName } from '../../model/pipeline.ts';
import type { DenseLayer } from '../../model/types.ts';
import type { Parameters } from '../parameter-store.ts';
import type { Tape, Value } from '../tape.ts';
import { linear } from './linear.ts';
import { tanh } from './tanh.ts';

/** `index` counts the model's dense layers from 0. Consumes `x`. */
export function dense(tape: Tape, x: Value, layer: DenseLayer, index: number, parameters: Parameters): Value {
  const bias = layer.bias ? parameters.get(denseName(index, 'bias')) : undefined;
  const y = linear(tape, x, parameters.get(denseName(index, 'weight')), bias);
  tape.drop(x);
  if (layer.activation === 'identity') return y;
  const activated = tanh(tape, y);
  tape.drop(y);
  return activated;
}
