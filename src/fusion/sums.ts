/**
 * Sums over the checkpoints of one tensor, in f64. Over checkpoints they run in listed order, over values in the order
 * of the index, so that each result is one exact number.
 */
import type { TensorSet } from './methods/method.ts';
import { eachPiece, type Pause } from './pieces.ts';

/** What a tensor's vectors are: the weights themselves, or their deltas. */
export type VectorKind = 'weights' | 'deltas';

/** (sum_k a_k theta_k) / divisor, rounded once. */
export async function weightedSum(
  { initial, checkpoints }: TensorSet,
  coefficients: ArrayLike<number>,
  divisor: number,
  pause: Pause,
): Promise<Float32Array> {
  const merged = new Float32Array(initial.length);
  await eachPiece(merged.length, pause, (begin, end) => {
    for (let i = begin; i < end; i++) {
      let sum = 0;
      for (let k = 0; k < checkpoints.length; k++) sum += coefficients[k] * checkpoints[k][i];
      merged[i] = sum / divisor;
    }
  });
  return merged;
}

/** What a sum of deltas is multiplied with, then divided by: once, after the sum, so that means are exact. */
interface Scale {
  readonly factor: number;
  readonly divisor: number;
}

/** theta_0 + (factor * sum_k a_k delta_k) / divisor, rounded once. */
export async function plusDeltas(
  tensor: TensorSet,
  coefficients: ArrayLike<number>,
  scale: Scale,
  pause: Pause,
): Promise<Float32Array> {
  const merged = new Float32Array(tensor.initial.length);
  await eachPiece(merged.length, pause, (begin, end) => addDeltas(merged, tensor, coefficients, scale, begin, end));
  return merged;
}

/** {@link plusDeltas} from index `begin` to `end`. */
export function addDeltas(
  merged: Float32Array,
  { initial, checkpoints }: TensorSet,
  coefficients: ArrayLike<number>,
  { factor, divisor }: Scale,
  begin: number,
  end: number,
): void {
  for (let i = begin; i < end; i++) {
    let sum = 0;
    for (let k = 0; k < checkpoints.length; k++) sum += coefficients[k] * (checkpoints[k][i] - initial[i]);
    merged[i] = initial[i] + (factor * sum) / divisor;
  }
}

/** [K, K] dot products of the flattened vectors; symmetric. */
export async function gramOf(tensor: TensorSet, of: VectorKind, pause: Pause): Promise<number[][]> {
  const { initial, checkpoints } = tensor;
  const gram = checkpoints.map(() => checkpoints.map(() => 0));
  const add = of === 'deltas' ? addDeltaProducts : addProducts;
  await eachPiece(initial.length, pause, (begin, end) => {
    for (const [k, left] of checkpoints.entries()) {
      for (let j = 0; j <= k; j++) gram[k][j] = add(gram[k][j], left, checkpoints[j], begin, end, initial);
    }
  });
  for (let k = 0; k < gram.length; k++) for (let j = 0; j < k; j++) gram[j][k] = gram[k][j];
  return gram;
}

function addProducts(sum: number, left: Float32Array, right: Float32Array, begin: number, end: number): number {
  let total = sum;
  for (let i = begin; i < end; i++) total += left[i] * right[i];
  return total;
}

/** `sum` plus the products of two checkpoints' deltas from index `begin` to `end`. */
export function addDeltaProducts(
  sum: number,
  left: Float32Array,
  right: Float32Array,
  begin: number,
  end: number,
  initial: Float32Array,
): number {
  let total = sum;
  for (let i = begin; i < end; i++) total += (left[i] - initial[i]) * (right[i] - initial[i]);
  return total;
}
