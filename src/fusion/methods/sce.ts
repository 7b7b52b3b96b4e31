/**
 * SCE: the values in which the checkpoints vary most, each checkpoint weighted by the size of its own deltas there, and
 * of these the ones with the sign of their sum. Source: Wan et al. 2024, arXiv 2408.07990.
 */
import { agreedMean } from '../agreement.ts';
import { Chooser, type Fill, type Selection, selectLargest } from '../largest.ts';
import { eachPiece, type Pause, pieceLength } from '../pieces.ts';
import { addDeltaProducts } from '../sums.ts';
import type { Method, TensorSet } from './method.ts';

export const sce: Method<'sce'> = ({ density }, _models, pause) => {
  // By name: a tensor may be merged more than once.
  const merged = new Map<string, { readonly kept: number; readonly all: number }>();
  return {
    async merge({ name }, tensor) {
      const { selection, count } = await select(tensor, density, pause);
      merged.set(name, { kept: count, all: tensor.initial.length });
      return fuse(tensor, selection, await squaresOf(tensor, selection, pause), pause);
    },
    figures: () => ({ keptShare: shareOf([...merged.values()]) }),
  };
};

/** Null of no tensors. */
function shareOf(merged: readonly { readonly kept: number; readonly all: number }[]): number | null {
  const [kept, all] = [
    merged.reduce((sum, each) => sum + each.kept, 0),
    merged.reduce((sum, each) => sum + each.all, 0),
  ];
  return all === 0 ? null : kept / all;
}

/** Which values stay: max(1, floor(density m)) of the m that vary, all if none does; and how many. */
async function select(
  tensor: TensorSet,
  density: number,
  pause: Pause,
): Promise<{ selection: Selection; count: number }> {
  const { length } = tensor.initial;
  const fill: Fill = (target, begin, end) => variances(target, tensor, begin, end);
  let varying = 0;
  const values = new Float64Array(Math.min(length, pieceLength));
  await eachPiece(length, pause, (begin, end) => {
    fill(values, begin, end);
    for (let i = 0; i < end - begin; i++) if (values[i] > 0) varying++;
  });
  if (varying === 0) return { selection: { threshold: -1, equal: 0 }, count: length };
  const count = Math.max(1, Math.floor(density * varying));
  if (count === varying) return { selection: { threshold: 0, equal: 0 }, count };
  return { selection: await selectLargest(length, count, fill, pause), count };
}

/**
 * Population variances over the checkpoints, of the differences from the first one: exactly 0 where all are equal. The
 * mean is their sum divided by K, the variance the sum of squares of what is off it, divided by K.
 */
function variances(target: Float64Array, { checkpoints }: TensorSet, begin: number, end: number): void {
  const [first] = checkpoints;
  const K = checkpoints.length;
  const means = new Float64Array(end - begin);
  for (const weights of checkpoints) for (let i = begin; i < end; i++) means[i - begin] += weights[i] - first[i];
  for (let i = 0; i < means.length; i++) means[i] /= K;
  target.fill(0, 0, means.length);
  for (const weights of checkpoints) {
    for (let i = begin; i < end; i++) {
      const off = weights[i] - first[i] - means[i - begin];
      target[i - begin] += off * off;
    }
  }
  for (let i = 0; i < means.length; i++) target[i] /= K;
}

/** Calls `visit` with the index of every value that stays, in order. */
async function eachKept(
  tensor: TensorSet,
  selection: Selection,
  pause: Pause,
  visit: (i: number) => void,
): Promise<void> {
  const chooser = new Chooser(selection);
  const { length } = tensor.initial;
  const values = new Float64Array(Math.min(length, pieceLength));
  await eachPiece(length, pause, (begin, end) => {
    variances(values, tensor, begin, end);
    for (let i = begin; i < end; i++) if (chooser.chooses(values[i - begin])) visit(i);
  });
}

/** [K] sum of squares of each checkpoint's deltas over what stays. */
async function squaresOf(tensor: TensorSet, selection: Selection, pause: Pause): Promise<Float64Array> {
  const { initial, checkpoints } = tensor;
  const squares = new Float64Array(checkpoints.length);
  await eachKept(tensor, selection, pause, (i) => {
    for (let k = 0; k < squares.length; k++)
      squares[k] = addDeltaProducts(squares[k], checkpoints[k], checkpoints[k], i, i + 1, initial);
  });
  return squares;
}

/**
 * theta_0 + (sum of w_k delta_k) / (sum of w_k) over the deltas with the sign of sum_k delta_k, plus where that is 0;
 * theta_0 where there is none. w_k are the squares divided by their sum.
 */
async function fuse(
  tensor: TensorSet,
  selection: Selection,
  squares: Float64Array,
  pause: Pause,
): Promise<Float32Array> {
  const { initial, checkpoints } = tensor;
  const merged = Float32Array.from(initial);
  const total = squares.reduce((sum, value) => sum + value, 0);
  if (total === 0) return merged;
  const weights = squares.map((value) => value / total);
  const [deltas, weighted] = [new Float64Array(weights.length), new Float64Array(weights.length)];
  await eachKept(tensor, selection, pause, (i) => {
    for (let k = 0; k < weights.length; k++) {
      deltas[k] = checkpoints[k][i] - initial[i];
      weighted[k] = weights[k] * deltas[k];
    }
    merged[i] = initial[i] + agreedMean(deltas, weighted, weights);
  });
  return merged;
}
