/** The loss of a global batch, from the unit vectors of all its texts to their gradients. Records dispatches only. */
import { type Gpu, rowsOf, type Tensor } from '../device/types.ts';
import type { LossTerm } from '../nn/losses/catalog.ts';
import { irLoss, stsLoss } from '../nn/losses/index.ts';
import type { RunSettings } from './catalog.ts';
import type { GlobalBatch, IrBatch, StsBatch } from './global-batch.ts';
import { recordLevels } from './matryoshka.ts';
import type { LayerVectors, Objective } from './objective-types.ts';

/**
 * Records the loss of the vectors and writes its gradients into `gradients`, row by row. `share` multiplies the total
 * and the gradients: the batch's part of an update's loss. `levels`: the
 * dimensions at which the losses are computed.
 */
export function recordObjective(
  gpu: Gpu,
  {
    batch,
    share,
    levels,
    teacher,
  }: {
    readonly batch: GlobalBatch;
    readonly share: number;
    readonly levels: RunSettings['matryoshka'];
    /** [M, D], unit rows of another model, the same at every level. */
    readonly teacher?: Tensor | undefined;
  },
  vectors: LayerVectors,
  gradients: LayerVectors,
): Objective {
  const terms = batch.terms.map((term) => ({ ...term, weight: term.weight * share }));
  const record = (given: readonly LossTerm[], from: LayerVectors, into: LayerVectors): Objective =>
    batch.task === 'ir'
      ? recordIr(gpu, given, batch, { vectors: from, teacher }, into)
      : recordSts(gpu, given, batch, { vectors: from, teacher }, into);
  return levels ? recordLevels(gpu, levels, terms, { vectors, gradients }, record) : record(terms, vectors, gradients);
}

interface SeenVectors {
  readonly vectors: LayerVectors;
  readonly teacher: Tensor | undefined;
}

function recordIr(
  gpu: Gpu,
  terms: readonly LossTerm[],
  batch: IrBatch,
  { vectors, teacher }: SeenVectors,
  gradients: LayerVectors,
): Objective {
  const { size: B, positives: P, negatives: N, negativeMask, slots, teacherScores, candidateTexts } = batch;
  const rows = new RowSlices(gpu);
  try {
    const sides = (matrix: Tensor) => ({
      queries: rows.take(matrix, 0, B),
      positives: rows.take(matrix, B, B * P),
      negatives: N > 0 ? rows.take(matrix, B + B * P, B * N) : null,
    });
    const result = irLoss(gpu, {
      ...sides(vectors.final),
      ...(teacher && { teacher: sides(teacher) }),
      negativeMask,
      P,
      N,
      terms,
      slots,
      ...(teacherScores && { teacherScores }),
      ...(candidateTexts && { texts: candidateTexts }),
    });
    const { queries, positives: dPositives, negatives } = result.gradients;
    return objectiveOf(result, () => copyRows(gpu, [queries, dPositives, negatives], gradients.final));
  } finally {
    rows.release();
  }
}

function recordSts(
  gpu: Gpu,
  terms: readonly LossTerm[],
  batch: StsBatch,
  { vectors, teacher }: SeenVectors,
  gradients: LayerVectors,
): Objective {
  const B = batch.size;
  const { final, inner } = vectors;
  const rows = new RowSlices(gpu);
  try {
    const result = stsLoss(gpu, {
      queries: rows.take(final, 0, B),
      partners: rows.take(final, B, B),
      innerQueries: inner ? rows.take(inner, 0, B) : null,
      innerPartners: inner ? rows.take(inner, B, B) : null,
      grades: batch.grades,
      terms,
      ...(teacher && {
        teacher: { queries: rows.take(teacher, 0, B), positives: rows.take(teacher, B, B), negatives: null },
      }),
    });
    const { queries, partners, innerQueries, innerPartners } = result.gradients;
    return objectiveOf(result, () => {
      copyRows(gpu, [queries, partners], gradients.final);
      if (gradients.inner) copyRows(gpu, [innerQueries, innerPartners], gradients.inner);
    });
  } finally {
    rows.release();
  }
}

interface Losses {
  readonly components: Readonly<Partial<Record<string, Tensor>>>;
  readonly total: Tensor;
  readonly warnings: Readonly<Record<string, Tensor>>;
  release(): void;
}

/** The objective of a loss set whose gradients `copyOut` copies into place; the losses are released if that throws. */
function objectiveOf(result: Losses, copyOut: () => void): Objective {
  try {
    copyOut();
  } catch (error) {
    result.release();
    throw error;
  }
  return {
    total: result.total,
    components: Object.entries(result.components).flatMap(([name, value]) =>
      value ? [[name, value, 1] as const] : [],
    ),
    warnings: Object.entries(result.warnings),
    release: result.release,
  };
}

/** Runs of rows of matrices as tensors: views where a binding may begin there, else copies. */
class RowSlices {
  readonly #gpu: Gpu;
  readonly #copies: Tensor[] = [];

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  take(matrix: Tensor, first: number, count: number): Tensor {
    const view = rowsOf(this.#gpu, matrix, first, count);
    if (this.#gpu.isBindable(view)) return view;
    const copy = this.#gpu.lease('rows', view.shape);
    this.#copies.push(copy);
    this.#gpu.copy(view, copy);
    return copy;
  }

  release(): void {
    for (const copy of this.#copies.splice(0)) this.#gpu.release(copy);
  }
}

/** Puts matrices of equal width under each other. */
function copyRows(gpu: Gpu, parts: readonly (Tensor | null)[], out: Tensor): void {
  let first = 0;
  for (const part of parts) {
    if (part === null) continue;
    const [rows] = part.shape as [number];
    gpu.copy(part, rowsOf(gpu, out, first, rows));
    first += rows;
  }
}
