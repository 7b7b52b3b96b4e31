/** Merging one tensor by a method, and the same tensor for the float64 references. */
import { type GivenParameters, readParameters, rowOf } from '../../src/catalog-parameters.ts';
import { type FusionMethod, fusionCatalog } from '../../src/fusion/catalog.ts';
import { fusionMethods } from '../../src/fusion/methods/index.ts';
import type { Merging, Method, TensorSet } from '../../src/fusion/methods/method.ts';
import { pauseOf } from '../../src/fusion/pieces.ts';
import type { Vectors } from '../reference/fusion-methods.ts';

const parameter = { name: 'w', init: 'normal', group: 'layer.0' } as const;

export const tensorOf = (
  initial: readonly number[],
  checkpoints: readonly (readonly number[])[],
  weights: readonly number[] = checkpoints.map(() => 1),
): TensorSet => ({
  shape: [initial.length],
  initial: Float32Array.from(initial),
  checkpoints: checkpoints.map((values) => Float32Array.from(values)),
  weights,
});

export const vectorsOf = ({ initial, checkpoints, weights }: TensorSet): Vectors => ({
  initial: [...initial],
  checkpoints: checkpoints.map((values) => [...values]),
  weights,
});

/** What the method makes of the tensor, and its figures. */
export async function mergeOne(method: FusionMethod, given: GivenParameters, tensor: TensorSet) {
  const models = { parameters: [{ ...parameter, shape: tensor.shape }], read: () => Promise.resolve(tensor) };
  const prepare = fusionMethods[method] as Method<never>;
  const values = readParameters(rowOf(fusionCatalog, method, 'method'), given, 'parameters');
  const { merge, figures }: Merging<never> = await prepare(values as never, models, pauseOf());
  const merged = await merge({ ...parameter, shape: tensor.shape }, tensor);
  return { merged, figures: (figures?.() ?? {}) as Readonly<Record<string, number | null>> };
}
