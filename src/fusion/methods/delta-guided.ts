/**
 * Delta-guided fusion: theta_0 plus the checkpoints' deltas, each weighted, per parameter group, by the size of its own
 * deviation from theta_0 to a power. After CoDiEmb, arXiv 2508.11442 (abstract); a_k = |delta_k|^p / sum_j |delta_j|^p.
 * The weights are summed apart and divided by once, after the sum of the deltas, all in f64; the result is rounded to
 * f32 once (docs/method.md section 5).
 */
import type { ParameterShape } from '../../model/types.ts';
import type { FusionGranularity } from '../catalog.ts';
import { eachPiece, type Pause } from '../pieces.ts';
import { addDeltaProducts, addDeltas, plusDeltas } from '../sums.ts';
import type { FusedModels, Method, MethodParameters, TensorSet } from './method.ts';

type DeltaGuided = MethodParameters<'delta-guided'>;

export const deltaGuided: Method<'delta-guided'> = async (parameters, models, pause) => {
  const { granularity } = parameters;
  if (granularity !== 'layer' && granularity !== 'model') {
    return { merge: (_, tensor) => mergeTensor(tensor, parameters, pause) };
  }
  const groupOf = (parameter: ParameterShape): string =>
    `${models.partOf?.(parameter) ?? ''} ${granularity === 'model' ? 'model' : parameter.group}`;
  const weights = await weightsByGroup(models, parameters, groupOf, pause);
  return { merge: (parameter, tensor) => mergeTensor(tensor, parameters, pause, weights.get(groupOf(parameter))) };
};

/** Weights of every group that spans tensors, from one pass over the models. */
async function weightsByGroup(
  models: FusedModels,
  { power }: DeltaGuided,
  groupOf: (parameter: ParameterShape) => string,
  pause: Pause,
): Promise<ReadonlyMap<string, GroupWeights>> {
  const squares = new Map<string, number[]>();
  for (const parameter of models.parameters) {
    await pause();
    const found = await squaredDeltas(await models.read(parameter), pause);
    const before = squares.get(groupOf(parameter)) ?? found.map(() => 0);
    squares.set(
      groupOf(parameter),
      found.map((value, k) => value + before[k]),
    );
  }
  return new Map([...squares].map(([group, sums]) => [group, groupWeights(sums, power)]));
}

/** The weights of one group, [K], before they are divided by their sum. */
interface GroupWeights {
  readonly weights: Float64Array;
  readonly sum: number;
}

/** From the sums of squares of the group's deltas. */
function groupWeights(squares: readonly number[], power: number): GroupWeights {
  const weights = Float64Array.from(squares, Math.sqrt);
  return { sum: deltaWeights(weights, power), weights };
}

/**
 * Turns the norms of one group's deltas into weights, in place, since element-wise merging calls it once per parameter
 * of the model, and returns what these are divided by: their sum, or 1 where no delta counts. The norms are divided by
 * their largest (power < 0: by the smallest that is not zero) before the power, which then cannot overflow, nor vanish
 * for all. All zero: zeros. Power 0: all 1, so that the merged values are those of the uniform soup.
 */
export function deltaWeights(norms: Float64Array, power: number): number {
  if (power === 0) {
    norms.fill(1);
    return norms.length;
  }
  let scale = 0;
  for (const norm of norms) {
    if (norm > 0 && (scale === 0 || (power < 0 ? norm < scale : norm > scale))) scale = norm;
  }
  let total = 0;
  for (let k = 0; k < norms.length; k++) {
    if (norms[k] > 0) norms[k] = (norms[k] / scale) ** power;
    total += norms[k];
  }
  return total > 0 ? total : 1;
}

/** Sum of squares of delta_k over the tensor, per checkpoint. */
async function squaredDeltas({ initial, checkpoints }: TensorSet, pause: Pause): Promise<number[]> {
  const sums = checkpoints.map(() => 0);
  await eachPiece(initial.length, pause, (begin, end) => {
    for (const [k, weights] of checkpoints.entries())
      sums[k] = addDeltaProducts(sums[k], weights, weights, begin, end, initial);
  });
  return sums;
}

/** Merges one tensor. `shared` are the weights of the group the tensor belongs to where groups span tensors. */
export async function mergeTensor(
  tensor: TensorSet,
  { granularity, power, lambda: factor }: DeltaGuided,
  pause: Pause,
  shared?: GroupWeights,
): Promise<Float32Array> {
  const { length } = tensor.initial;
  const size = segmentLength(tensor, granularity);
  if (shared || size === length) {
    const { weights, sum } = shared ?? groupWeights(await squaredDeltas(tensor, pause), power);
    return plusDeltas(tensor, weights, { factor, divisor: sum }, pause);
  }
  const merged = new Float32Array(length);
  const weights = new Float64Array(tensor.checkpoints.length);
  const mergeSegments = (from: number, to: number): void => {
    for (let begin = from; begin < to; begin += size) {
      const divisor = segmentWeights(weights, tensor, begin, begin + size, power);
      addDeltas(merged, tensor, weights, { factor, divisor }, begin, begin + size);
    }
  };
  await eachPiece(length, pause, mergeSegments, size);
  return merged;
}

/** Values that share their weights inside one tensor: an element, a row of the first axis, or everything. */
function segmentLength({ shape, initial }: TensorSet, granularity: FusionGranularity): number {
  if (granularity === 'element') return 1;
  if (granularity === 'row' && shape.length > 1) return initial.length / shape[0];
  return initial.length;
}

/** Fills in the weights of one segment, and returns what they are divided by. */
function segmentWeights(
  weights: Float64Array,
  { initial, checkpoints }: TensorSet,
  begin: number,
  end: number,
  power: number,
): number {
  for (let k = 0; k < checkpoints.length; k++) {
    weights[k] = Math.sqrt(addDeltaProducts(0, checkpoints[k], checkpoints[k], begin, end, initial));
  }
  return deltaWeights(weights, power);
}
