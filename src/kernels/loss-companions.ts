/** Kernels of the losses for comparison and company. They are compiled where a run first uses them. */
import type { Gpu, KernelSpec, Tensor } from '../device/types.ts';
import { forWidth, inForms, inFormsOfLanes } from './forms.ts';
import { elementGrid, shareShader, targetShader } from './loss.ts';
import { withSharedLanes } from './shared-lanes.ts';
import { reduceShader } from './similarity.ts';

/** What every pair has with every other: in the row form a lane does the work of a pair, four others at once. */
const ofPairs = <const K extends Omit<KernelSpec, 'include' | 'form'>>(kernel: K) =>
  inForms(kernel, (form) => ({
    shader: `${kernel.shader}_${form}.wgsl`,
    include: form === 'row' ? [shareShader] : ['common/lanes_workgroup.wgsl', reduceShader],
  }));

const cosentForwardKernels = ofPairs({
  name: 'cosent_forward',
  shader: 'loss/cosent_forward',
  bindings: { similarity: 'read', grades: 'read', largest: 'write', masses: 'write' },
  params: { rows: 'u32', scale: 'f32' },
});

const cosentTotalKernels = withSharedLanes({
  name: 'cosent_total',
  shader: 'loss/cosent_total.wgsl',
  include: [reduceShader, targetShader],
  bindings: { largest: 'read', masses: 'read', losses: 'write' },
  params: { rows: 'u32' },
});

const cosentBackwardKernels = ofPairs({
  name: 'cosent_backward',
  shader: 'loss/cosent_backward',
  bindings: { similarity: 'read', grades: 'read', losses: 'read', dSimilarity: 'write' },
  params: { rows: 'u32', scale: 'f32', weight: 'f32' },
});

const angleForwardKernels = inFormsOfLanes({
  name: 'angle_forward',
  shader: 'loss/angle_forward.wgsl',
  include: [reduceShader],
  bindings: { x: 'read', z: 'read', signed: 'write', similarity: 'write' },
  params: { rows: 'u32', halfWidth: 'u32' },
});

const angleBackwardKernels = inFormsOfLanes({
  name: 'angle_backward',
  shader: 'loss/angle_backward.wgsl',
  bindings: { x: 'read', z: 'read', signed: 'read', dSimilarity: 'read', dX: 'write', dZ: 'write' },
  params: { rows: 'u32', halfWidth: 'u32' },
});

const offDiagonalSquaresKernels = inFormsOfLanes({
  name: 'off_diagonal_squares',
  shader: 'loss/off_diagonal_squares.wgsl',
  include: [reduceShader],
  bindings: { scores: 'write', losses: 'write' },
  params: { rows: 'u32', firstRow: 'u32', columns: 'u32', scale: 'f32' },
});

const distillationKernels = inFormsOfLanes({
  name: 'distillation',
  shader: 'loss/distillation.wgsl',
  include: [shareShader],
  bindings: { cosines: 'read', targets: 'read', logTargets: 'read', slopes: 'write', losses: 'write' },
  params: { candidates: 'u32', columns: 'u32', inverseTemperature: 'f32', scale: 'f32' },
});

/**
 * log(1 + sum of exp(scale (s_i - s_j)) over all y_i < y_j) into losses [1]; largest and masses are its scratch.
 * All others [B].
 */
export function cosentForward(
  gpu: Gpu,
  {
    scale,
    losses,
    ...bindings
  }: { similarity: Tensor; grades: Tensor; largest: Tensor; masses: Tensor; losses: Tensor; scale: number },
): void {
  const rows = bindings.similarity.shape[0];
  const { form } = gpu.traits;
  const { kernel } = forWidth(cosentForwardKernels, form, rows);
  gpu.dispatch(kernel, { bindings, params: { rows, scale }, grid: [rows] });
  const { largest, masses } = bindings;
  gpu.dispatch(cosentTotalKernels[form], { bindings: { largest, masses, losses }, params: { rows }, grid: [1] });
}

/** dSimilarity += weight * gradient. losses [1] from {@link cosentForward}, all others [B]. */
export function cosentBackward(
  gpu: Gpu,
  {
    scale,
    weight,
    ...bindings
  }: {
    similarity: Tensor;
    grades: Tensor;
    losses: Tensor;
    dSimilarity: Tensor;
    scale: number;
    weight: number;
  },
): void {
  const rows = bindings.similarity.shape[0];
  const { kernel } = forWidth(cosentBackwardKernels, gpu.traits.form, rows);
  gpu.dispatch(kernel, { bindings, params: { rows, scale, weight: weight * scale }, grid: [rows] });
}

/** similarity = |signed| = |x . z + b . c - a . d|, x = [a; b], z = [c; d]. x, z [B, C], C even; the others [B]. */
export function angleForward(gpu: Gpu, bindings: { x: Tensor; z: Tensor; signed: Tensor; similarity: Tensor }): void {
  const [rows, columns] = bindings.x.shape;
  const { kernel, width: halfWidth } = forWidth(angleForwardKernels, gpu.traits.form, columns / 2);
  gpu.dispatch(kernel, { bindings, params: { rows, halfWidth }, grid: [rows] });
}

/** dX and dZ, overwritten, from dSimilarity [B] and what {@link angleForward} found. */
export function angleBackward(
  gpu: Gpu,
  bindings: { x: Tensor; z: Tensor; signed: Tensor; dSimilarity: Tensor; dX: Tensor; dZ: Tensor },
): void {
  const [rows, columns] = bindings.x.shape;
  const { kernel, width: halfWidth } = forWidth(angleBackwardKernels, gpu.traits.form, columns / 2);
  gpu.dispatch(kernel, { bindings, params: { rows, halfWidth }, grid: [rows] });
}

/**
 * losses [B] of the tile's rows = the sum of their squared scores [R, B] but for those on the diagonal; the scores are
 * replaced by `scale` times themselves, those on the diagonal by 0.
 */
export function offDiagonalSquares(
  gpu: Gpu,
  { scores, losses, firstRow, scale }: { scores: Tensor; losses: Tensor; firstRow: number; scale: number },
): void {
  const [rows, all] = scores.shape;
  const { kernel, width: columns } = forWidth(offDiagonalSquaresKernels, gpu.traits.form, all);
  gpu.dispatch(kernel, { bindings: { scores, losses }, params: { rows, firstRow, columns, scale }, grid: [rows] });
}

/**
 * KL(targets || softmax(cosines / temperature)) of each query over its candidates into losses [B], and `scale` times
 * its gradient into slopes. All others [G, B], a query's candidates below each other; a target below 0 leaves its
 * candidate out.
 */
export function distillation(
  gpu: Gpu,
  {
    temperature,
    scale,
    ...bindings
  }: {
    cosines: Tensor;
    targets: Tensor;
    logTargets: Tensor;
    slopes: Tensor;
    losses: Tensor;
    temperature: number;
    scale: number;
  },
): void {
  const [candidates, queries] = bindings.cosines.shape;
  const { form } = gpu.traits;
  const { kernel, width: columns } = forWidth(distillationKernels, form, queries);
  const inverseTemperature = 1 / temperature;
  gpu.dispatch(kernel, {
    bindings,
    params: { candidates, columns, inverseTemperature, scale: scale * inverseTemperature },
    grid: form === 'row' ? [columns] : elementGrid(columns),
  });
}

export const companionKernels = [
  ...Object.values(cosentForwardKernels),
  ...Object.values(cosentTotalKernels),
  ...Object.values(cosentBackwardKernels),
  ...Object.values(angleForwardKernels),
  ...Object.values(angleBackwardKernels),
  ...Object.values(offDiagonalSquaresKernels),
  ...Object.values(distillationKernels),
] as const;
