/**
 * InfoNCE on tiles of score rows (cosines of some queries with all positives and all negatives). The scores of a tile
 * become their gradient in place. Rows are independent, so tiles of any height give the same values.
 */
import type { Gpu, KernelSpec, Tensor } from '../device/types.ts';
import { forWidth, inForms, inFormsOfLanes } from './forms.ts';
import { elementGrid, shareShader, targetShader } from './loss.ts';
import { reduceShader } from './similarity.ts';

const excludeColumnsKernels = inFormsOfLanes({
  name: 'exclude_columns',
  shader: 'loss/exclude_columns.wgsl',
  bindings: { columnValid: 'read', columnText: 'read', knownStarts: 'read', knownTexts: 'read', scores: 'write' },
  params: { rows: 'u32', firstRow: 'u32', columns: 'u32', ownColumns: 'u32' },
});

const excludeAboveKernels = inFormsOfLanes({
  name: 'exclude_above',
  shader: 'loss/exclude_above.wgsl',
  bindings: { guide: 'read', targetGuide: 'read', scores: 'write' },
  params: { rows: 'u32', firstRow: 'u32', columns: 'u32', targetColumns: 'u32' },
});

const infonceForwardKernels = inForms(
  {
    name: 'infonce_forward',
    bindings: {
      positiveScores: 'read',
      negativeScores: 'read',
      slots: 'read',
      rowWeights: 'read',
      losses: 'write',
      rowLosses: 'write',
      otherShares: 'write',
      targetScores: 'write',
    },
    params: {
      rows: 'u32',
      firstRow: 'u32',
      queries: 'u32',
      slotSets: 'u32',
      positives: 'u32',
      negativeColumns: 'u32',
      inverseTemperature: 'f32',
      margin: 'f32',
    },
  },
  (form, neighbours) => ({
    shader: `loss/infonce_forward_${form}.wgsl`,
    include: [
      ...(form === 'row'
        ? [`loss/positives_${neighbours}.wgsl`, shareShader]
        : ['common/lanes_workgroup.wgsl', reduceShader]),
      targetShader,
    ],
  }),
);

const infonceBackwardKernels = inForms(
  {
    name: 'infonce_backward',
    bindings: {
      slots: 'read',
      rowWeights: 'read',
      rowLosses: 'read',
      otherShares: 'read',
      targetScores: 'read',
      scores: 'write',
    },
    params: {
      rows: 'u32',
      firstRow: 'u32',
      columns: 'u32',
      queries: 'u32',
      slotSets: 'u32',
      positives: 'u32',
      inverseTemperature: 'f32',
      margin: 'f32',
      scale: 'f32',
    },
  },
  (form) => ({ shader: `loss/infonce_backward_${form}.wgsl`, include: form === 'row' ? [shareShader] : [] }),
);

const loneTargetsKernel: KernelSpec<
  'positiveScores' | 'negativeScores' | 'slots' | 'targetScores' | 'counts',
  'rows' | 'firstRow' | 'queries' | 'slotSets' | 'positives' | 'negativeColumns' | 'margin'
> = {
  name: 'lone_targets',
  include: ['common/grid.wgsl'],
  shader: 'loss/lone_targets.wgsl',
  bindings: { positiveScores: 'read', negativeScores: 'read', slots: 'read', targetScores: 'read', counts: 'write' },
  params: {
    rows: 'u32',
    firstRow: 'u32',
    queries: 'u32',
    slotSets: 'u32',
    positives: 'u32',
    negativeColumns: 'u32',
    margin: 'f32',
  },
};

/** What all tiles of one loss share. */
export interface InfonceBatch {
  /** u32 [K, B]: the positive slot that each query shows in slot set k (K = P sets, or 1 if slots are drawn). */
  readonly slots: Tensor;
  /** [B]: weight of each row in the mean; 0 drops the row. */
  readonly rowWeights: Tensor;
  /** [B, K], weighted, written by the forward. */
  readonly losses: Tensor;
  /**
   * [B, K], written by the forward and read by the backward: losses without the weight, the softmax summed over every
   * column but the target, the target's cosine.
   */
  readonly rowLosses: Tensor;
  readonly otherShares: Tensor;
  readonly targetScores: Tensor;
  /** P, positives of a query. */
  readonly positives: number;
  readonly temperature: number;
  /** A candidate whose cosine is above the target's by more than this is dropped. */
  readonly margin: number;
}

/** A tile of scores: rows firstRow.. of the queries. */
export interface ScoreTile {
  /** [R, B*P], column j*P + p. */
  readonly positiveScores: Tensor;
  /** [R, M] or null. */
  readonly negativeScores: Tensor | null;
  readonly firstRow: number;
}

/** Which columns never count; all u32. */
export interface ColumnExclusion {
  /** [columns], 0 = masked for every row. */
  readonly columnValid: Tensor;
  /** [columns], id of the column's text. */
  readonly columnText: Tensor;
  /** [B+1] and [starts[B], at least 1]: ids of the texts that are known positives of each query. */
  readonly knownStarts: Tensor;
  readonly knownTexts: Tensor;
}

/** Takes excluded columns out of a score matrix [R, columns] in place, save the `ownColumns` of the row's own query. */
export function excludeColumns(
  gpu: Gpu,
  {
    scores,
    firstRow,
    ownColumns,
    ...exclusion
  }: ColumnExclusion & { scores: Tensor; firstRow: number; ownColumns: number },
): void {
  const [rows, all] = scores.shape;
  const { kernel, width: columns } = forWidth(excludeColumnsKernels, gpu.traits.form, all);
  gpu.dispatch(kernel, {
    bindings: { ...exclusion, scores },
    params: { rows, firstRow, columns, ownColumns },
    grid: [rows],
  });
}

/**
 * Takes those columns out of a tile's score matrix [R, columns] in place whose `guide` [R, columns] is above that of
 * the row's own target: column firstRow + r of `targetGuide` [R, B] for row r. The target itself never is.
 */
export function excludeAbove(
  gpu: Gpu,
  { firstRow, ...tensors }: { scores: Tensor; guide: Tensor; targetGuide: Tensor; firstRow: number },
): void {
  const [rows, all] = tensors.scores.shape;
  const [, targetColumns] = tensors.targetGuide.shape;
  const { kernel, width: columns } = forWidth(excludeAboveKernels, gpu.traits.form, all);
  gpu.dispatch(kernel, { bindings: tensors, params: { rows, firstRow, columns, targetColumns }, grid: [rows] });
}

/** Losses of the tile's rows into batch.losses, with what the backward needs. */
export function infonceForward(gpu: Gpu, batch: InfonceBatch, tile: ScoreTile): void {
  const [slotSets, queries] = batch.slots.shape;
  const rows = tile.positiveScores.shape[0];
  const { slots, rowWeights, losses, rowLosses, otherShares, targetScores } = batch;
  const negativeColumns = tile.negativeScores?.shape[1] ?? 0;
  gpu.dispatch(forWidth(infonceForwardKernels, gpu.traits.form, negativeColumns, queries).kernel, {
    bindings: {
      positiveScores: tile.positiveScores,
      negativeScores: tile.negativeScores ?? tile.positiveScores,
      slots,
      rowWeights,
      losses,
      rowLosses,
      otherShares,
      targetScores,
    },
    params: {
      rows,
      firstRow: tile.firstRow,
      queries,
      slotSets,
      positives: batch.positives,
      negativeColumns,
      inverseTemperature: 1 / batch.temperature,
      margin: batch.margin,
    },
    grid: [rows * slotSets],
  });
}

/**
 * counts [1] u32 += the number of (row, slot set) of the tile whose target is the only column left. Between the forward
 * and the backward, which replaces the scores.
 */
export function countLoneTargets(gpu: Gpu, batch: InfonceBatch, tile: ScoreTile, counts: Tensor): void {
  const [slotSets, queries] = batch.slots.shape;
  const { positiveScores, negativeScores, firstRow } = tile;
  const [rows] = positiveScores.shape;
  const { slots, targetScores, positives, margin } = batch;
  gpu.dispatch(loneTargetsKernel, {
    bindings: { positiveScores, negativeScores: negativeScores ?? positiveScores, slots, targetScores, counts },
    params: { rows, firstRow, queries, slotSets, positives, negativeColumns: negativeScores?.shape[1] ?? 0, margin },
    grid: elementGrid(rows),
  });
}

/** Replaces the tile's scores by `weight` times the gradient of the mean loss with respect to them. */
export function infonceBackward(gpu: Gpu, batch: InfonceBatch, tile: ScoreTile, weight: number): void {
  backwardOf(gpu, batch, tile.positiveScores, { firstRow: tile.firstRow, positives: batch.positives, scale: weight });
  if (!tile.negativeScores) return;
  backwardOf(gpu, batch, tile.negativeScores, { firstRow: tile.firstRow, positives: 0, scale: weight });
}

function backwardOf(
  gpu: Gpu,
  { slots, rowWeights, rowLosses, otherShares, targetScores, temperature, margin }: InfonceBatch,
  scores: Tensor,
  { firstRow, positives, scale }: { firstRow: number; positives: number; scale: number },
): void {
  const [slotSets, queries] = slots.shape;
  const [rows, all] = scores.shape;
  const { form } = gpu.traits;
  // Four columns at once take part in every slot set, or none does: not so where a query shows one of several.
  const { kernel, width: columns } = forWidth(infonceBackwardKernels, form, all, positives > 1 ? 1 : 0);
  gpu.dispatch(kernel, {
    bindings: { slots, rowWeights, rowLosses, otherShares, targetScores, scores },
    params: {
      rows,
      firstRow,
      columns,
      queries,
      slotSets,
      positives,
      inverseTemperature: 1 / temperature,
      margin,
      scale,
    },
    grid: form === 'row' ? [rows] : elementGrid(rows * all),
  });
}

export const infonceKernels = [
  ...Object.values(excludeColumnsKernels),
  ...Object.values(excludeAboveKernels),
  ...Object.values(infonceForwardKernels),
  ...Object.values(infonceBackwardKernels),
  loneTargetsKernel,
] as const;
