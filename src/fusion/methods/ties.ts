/**
 * TIES: of each checkpoint the largest deltas of a tensor, of these the ones with the sign of their sum, and the mean
 * of what agrees. Source: Yadav et al. 2023, arXiv 2306.01708.
 */
import { agreedMean } from '../agreement.ts';
import { Chooser, type Selection, selectLargest } from '../largest.ts';
import { eachPiece, type Pause } from '../pieces.ts';
import type { Method, TensorSet } from './method.ts';

export const ties: Method<'ties'> = ({ density, lambda }, _models, pause) => ({
  merge: async (_, tensor) => merge(tensor, await trimmed(tensor, density, pause), lambda, pause),
});

/** Which deltas of each checkpoint stay: max(1, floor(density n)) of the n, by absolute value. */
async function trimmed({ initial, checkpoints }: TensorSet, density: number, pause: Pause): Promise<Selection[]> {
  const { length } = initial;
  const count = Math.max(1, Math.floor(density * length));
  const selections: Selection[] = [];
  for (const weights of checkpoints) {
    const fill = (target: Float64Array, begin: number, end: number): void => {
      for (let i = begin; i < end; i++) target[i - begin] = Math.abs(weights[i] - initial[i]);
    };
    selections.push(await selectLargest(length, count, fill, pause));
  }
  return selections;
}

/**
 * With v_k = w_k delta_k, 0 where trimmed: the sign is that of sum_k v_k, plus where that is 0; theta_0 + lambda * (sum
 * of the v_k of this sign) / (sum of their weights), theta_0 where there is none or their weights sum to 0.
 */
async function merge(
  tensor: TensorSet,
  selections: readonly Selection[],
  lambda: number,
  pause: Pause,
): Promise<Float32Array> {
  const { initial, checkpoints, weights } = tensor;
  const merged = new Float32Array(initial.length);
  const choosers = selections.map((selection) => new Chooser(selection));
  const kept = new Float64Array(checkpoints.length);
  await eachPiece(merged.length, pause, (begin, end) => {
    for (let i = begin; i < end; i++) {
      for (let k = 0; k < kept.length; k++) {
        const delta = checkpoints[k][i] - initial[i];
        kept[k] = choosers[k].chooses(Math.abs(delta)) ? weights[k] * delta : 0;
      }
      merged[i] = initial[i] + lambda * agreedMean(kept, kept, weights);
    }
  });
  return merged;
}
