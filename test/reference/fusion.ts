/**
 * Fusion of checkpoints in float64, straight from the formulas (docs/method.md section 5). Never optimised. Sums run in
 * the order that the document gives, so that the results are the very bits before the one rounding to f32.
 */

/** A model as its tensors by name; rows of the first axis, or one row for a vector. */
export type ReferenceModel = ReadonlyMap<
  string,
  { readonly shape: readonly number[]; readonly data: readonly number[] }
>;
export type Granularity = 'element' | 'row' | 'tensor' | 'layer' | 'model';

interface Place {
  readonly tensor: string;
  readonly index: number;
}

export function uniformSoup(checkpoints: readonly ReferenceModel[]): Map<string, number[]> {
  const mean = (name: string, i: number): number =>
    checkpoints.reduce((sum, model) => sum + model.get(name)!.data[i], 0) / checkpoints.length;
  return new Map([...checkpoints[0]].map(([name, { data }]) => [name, data.map((_, i) => mean(name, i))]));
}

/** sum_k w_k theta_k / sum_k w_k, both sums in listed order. */
export function linear(checkpoints: readonly ReferenceModel[], weights: readonly number[]): Map<string, number[]> {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const value = (name: string, i: number): number =>
    checkpoints.reduce((sum, model, k) => sum + weights[k] * model.get(name)!.data[i], 0) / total;
  return new Map([...checkpoints[0]].map(([name, { data }]) => [name, data.map((_, i) => value(name, i))]));
}

/** Per group w_k = |delta_k|^p; merged = theta_0 + (lambda * sum_k w_k delta_k) / sum_k w_k. */
export function deltaGuided(
  initial: ReferenceModel,
  checkpoints: readonly ReferenceModel[],
  { granularity, power, lambda }: { granularity: Granularity; power: number; lambda: number },
  layerOf: (tensor: string) => string,
): Map<string, number[]> {
  const groups = new Map<string, Place[]>();
  for (const [tensor, { shape, data }] of initial) {
    for (const index of data.keys()) {
      const row = shape.length > 1 ? Math.floor(index / (data.length / shape[0])) : 0;
      const key = {
        element: `${tensor} ${index}`,
        row: `${tensor} ${row}`,
        tensor,
        layer: layerOf(tensor),
        model: '',
      }[granularity];
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key)!.push({ tensor, index });
    }
  }
  const merged = new Map([...initial].map(([name, { data }]) => [name, [...data]]));
  for (const places of groups.values()) {
    const deltas = checkpoints.map((model) =>
      places.map(({ tensor, index }) => model.get(tensor)!.data[index] - initial.get(tensor)!.data[index]),
    );
    const weights = groupWeights(
      deltas.map((delta) => groupNorm(delta, places)),
      power,
    );
    const total = weights.reduce((sum, value) => sum + value, 0);
    places.forEach(({ tensor, index }, n) => {
      const sum = deltas.reduce((before, delta, k) => before + weights[k] * delta[n], 0);
      merged.get(tensor)![index] += (lambda * sum) / (total === 0 ? 1 : total);
    });
  }
  return merged;
}

/** Squares are summed by index inside each tensor, and those sums in the order of the tensors. */
function groupNorm(delta: readonly number[], places: readonly Place[]): number {
  const sums = new Map<string, number>();
  for (const [n, { tensor }] of places.entries()) sums.set(tensor, (sums.get(tensor) ?? 0) + delta[n] ** 2);
  return Math.sqrt([...sums.values()].reduce((sum, value) => sum + value, 0));
}

/** The norms are divided by their largest (power < 0: by the smallest that is not 0) before the power. */
function groupWeights(norms: readonly number[], power: number): number[] {
  if (power === 0) return norms.map(() => 1);
  const moved = norms.filter((norm) => norm > 0);
  const scale = power < 0 ? Math.min(...moved) : Math.max(...moved);
  return norms.map((norm) => (norm === 0 ? 0 : (norm / scale) ** power));
}
