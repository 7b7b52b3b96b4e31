/**
 * Matryoshka training (Kusupati et al. 2022, arXiv 2205.13147) around any loss set: the sum over levels of weight *
 * L(first components of the vectors, normalised again). Terms that read the inner layer stay at its full width, once.
 */
import type { Gpu } from '../device/types.ts';
import { type LossEntry, type LossTerm, lossCatalog } from '../nn/losses/catalog.ts';
import { addTotals } from '../nn/losses/context.ts';
import { firstComponents } from '../nn/losses/first-components.ts';
import type { MatryoshkaLevel } from './catalog.ts';
import type { LayerVectors, Objective } from './objective-types.ts';

type Record = (terms: readonly LossTerm[], vectors: LayerVectors, gradients: LayerVectors) => Objective;

const rows: readonly LossEntry[] = lossCatalog;
const readsInner = ({ loss }: LossTerm): boolean =>
  rows.some(({ name, reads }) => name === loss && reads === 'inner-pairs');

/** Records the losses of every level by `record`; the gradients are with respect to the vectors at full width. */
export function recordLevels(
  gpu: Gpu,
  levels: readonly MatryoshkaLevel[],
  terms: readonly LossTerm[],
  { vectors, gradients }: { readonly vectors: LayerVectors; readonly gradients: LayerVectors },
  record: Record,
): Objective {
  const inner = terms.filter(readsInner);
  const outer = terms.filter((term) => !readsInner(term));
  const parts: { readonly objective: Objective; readonly weight: number }[] = [];
  try {
    if (inner.length > 0) {
      parts.push({ objective: record(inner, vectors, gradients), weight: 1 });
    } else {
      gpu.clear(gradients.final);
      if (gradients.inner) gpu.clear(gradients.inner);
    }
    for (const { dimension, weight } of outer.length > 0 ? levels : []) {
      const weighted = outer.map((term) => ({ ...term, weight: term.weight * weight }));
      const objective = recordLevel(gpu, dimension, { vectors, gradients }, (level, into) =>
        record(weighted, level, into),
      );
      parts.push({ objective, weight });
    }
    return sumOf(gpu, parts);
  } catch (error) {
    for (const { objective } of parts) objective.release();
    throw error;
  }
}

/** One level, whose gradient is added to that of the whole vectors. At full width the vectors are taken as they are. */
function recordLevel(
  gpu: Gpu,
  dimension: number,
  { vectors, gradients }: { readonly vectors: LayerVectors; readonly gradients: LayerVectors },
  record: (vectors: LayerVectors, gradients: LayerVectors) => Objective,
): Objective {
  const level = firstComponents(gpu, vectors.final, dimension);
  try {
    const objective = record({ final: level.vectors, inner: undefined }, { final: level.gradient, inner: undefined });
    level.addGradient(gradients.final);
    return objective;
  } finally {
    level.release();
  }
}

/** The terms of a level count by its weight, so that a term's value is the weighted sum over levels. */
function sumOf(gpu: Gpu, parts: readonly { readonly objective: Objective; readonly weight: number }[]): Objective {
  const sums = parts.slice(1).map(() => gpu.lease('loss of levels', [1]));
  const total = parts.slice(1).reduce((sum, { objective }, at) => {
    addTotals(gpu, sum, objective.total, sums[at]!);
    return sums[at]!;
  }, parts[0]!.objective.total);
  return {
    total,
    components: parts.flatMap(({ objective, weight }) =>
      objective.components.map(([name, value, share]) => [name, value, share * weight] as const),
    ),
    warnings: parts.flatMap(({ objective }) => objective.warnings),
    release: () => {
      for (const sum of sums) gpu.release(sum);
      for (const { objective } of parts) objective.release();
    },
  };
}
