/**
 * The losses on cosines: plain wrappers that record dispatches. A "row loss" kernel leaves losses per row, {@link
 * totalLoss} sums them in a fixed order. Gradients come already multiplied by `weight`; those of the pair losses are
 * added.
 */
import type { Gpu, KernelSpec, Tensor } from '../device/types.ts';
import { forWidth, inForms } from './forms.ts';
import { withSharedLanes } from './shared-lanes.ts';
import { LANES, reduceShader } from './similarity.ts';

/** Shares of a softmax in the row form. */
export const shareShader = 'loss/share.wgsl';
/** Cross entropy of a target among others, exact where the row is nearly solved. */
export const targetShader = 'loss/target.wgsl';

const totalLossKernels = withSharedLanes({
  name: 'total_loss',
  shader: 'loss/total.wgsl',
  include: [reduceShader],
  bindings: { losses: 'read', value: 'write', total: 'write' },
  params: { rows: 'u32', scale: 'f32', weight: 'f32' },
});

const pearsonKernels = withSharedLanes({
  name: 'pearson',
  shader: 'loss/pearson.wgsl',
  include: [reduceShader],
  bindings: { similarity: 'read', unitGrades: 'read', dSimilarity: 'write', losses: 'write', warnings: 'write' },
  params: { rows: 'u32', weight: 'f32' },
});

const rankKlKernels = withSharedLanes({
  name: 'rank_kl',
  shader: 'loss/rank_kl.wgsl',
  include: [reduceShader],
  bindings: { similarity: 'read', targets: 'read', logTargets: 'read', dSimilarity: 'write', losses: 'write' },
  params: { rows: 'u32', inverseTemperature: 'f32', weight: 'f32' },
});

/** What every text has with every other: in the row form a lane does the work of a text, four others at once. */
const ofPairs = <const K extends Omit<KernelSpec, 'include' | 'form'>>(kernel: K) =>
  inForms(kernel, (form) => ({
    shader: `${kernel.shader}_${form}.wgsl`,
    include: form === 'row' ? [shareShader, targetShader] : ['common/lanes_workgroup.wgsl', reduceShader, targetShader],
  }));

const proForwardKernels = ofPairs({
  name: 'pro_forward',
  shader: 'loss/pro_forward',
  bindings: { similarity: 'read', grades: 'read', losses: 'write', otherShares: 'write', largestGap: 'write' },
  params: { rows: 'u32', inverseTemperature: 'f32' },
});

const proBackwardKernels = ofPairs({
  name: 'pro_backward',
  shader: 'loss/pro_backward',
  bindings: {
    similarity: 'read',
    grades: 'read',
    losses: 'read',
    otherShares: 'read',
    largestGap: 'read',
    dSimilarity: 'write',
  },
  params: { rows: 'u32', inverseTemperature: 'f32', scale: 'f32' },
});

/** value [1] = scale * sum of losses; total [1] += weight * value. losses [rows]. */
export function totalLoss(
  gpu: Gpu,
  { scale, weight, ...bindings }: { losses: Tensor; value: Tensor; total: Tensor; scale: number; weight: number },
): void {
  gpu.dispatch(totalLossKernels[gpu.traits.form], {
    bindings,
    params: { rows: bindings.losses.shape[0], scale, weight },
    grid: [1],
  });
}

/**
 * 1 - corr(similarity, grades) into losses [1]; dSimilarity += weight * gradient. similarity, dSimilarity, unitGrades
 * [B], the grades centred and of length 1. Where all similarities are equal: 0, no gradient, and warnings [1] u32
 * counts one.
 */
export function pearson(
  gpu: Gpu,
  {
    weight,
    ...bindings
  }: { similarity: Tensor; unitGrades: Tensor; dSimilarity: Tensor; losses: Tensor; warnings: Tensor; weight: number },
): void {
  gpu.dispatch(pearsonKernels[gpu.traits.form], {
    bindings,
    params: { rows: bindings.similarity.shape[0], weight },
    grid: [1],
  });
}

/**
 * KL(targets || softmax(similarity / temperature)) / B into losses [1]; dSimilarity += weight * gradient. All others
 * [B].
 */
export function rankKl(
  gpu: Gpu,
  {
    temperature,
    weight,
    ...bindings
  }: {
    similarity: Tensor;
    targets: Tensor;
    logTargets: Tensor;
    dSimilarity: Tensor;
    losses: Tensor;
    temperature: number;
    weight: number;
  },
): void {
  const params = { rows: bindings.similarity.shape[0], inverseTemperature: 1 / temperature, weight };
  gpu.dispatch(rankKlKernels[gpu.traits.form], { bindings, params, grid: [1] });
}

/**
 * Row losses of preference ranking, the softmax over all but the own logit, and the own weight; rows without a lower
 * grade give 0. All tensors [B].
 */
export function proForward(
  gpu: Gpu,
  {
    temperature,
    ...bindings
  }: {
    similarity: Tensor;
    grades: Tensor;
    losses: Tensor;
    otherShares: Tensor;
    largestGap: Tensor;
    temperature: number;
  },
): void {
  const rows = bindings.similarity.shape[0];
  gpu.dispatch(forWidth(proForwardKernels, gpu.traits.form, rows).kernel, {
    bindings,
    params: { rows, inverseTemperature: 1 / temperature },
    grid: [rows],
  });
}

/** dSimilarity += weight * gradient of the sum of the row losses. All tensors [B], from {@link proForward}. */
export function proBackward(
  gpu: Gpu,
  {
    temperature,
    weight,
    ...bindings
  }: {
    similarity: Tensor;
    grades: Tensor;
    losses: Tensor;
    otherShares: Tensor;
    largestGap: Tensor;
    dSimilarity: Tensor;
    temperature: number;
    weight: number;
  },
): void {
  const rows = bindings.similarity.shape[0];
  const params = { rows, inverseTemperature: 1 / temperature, scale: weight / temperature };
  gpu.dispatch(forWidth(proBackwardKernels, gpu.traits.form, rows).kernel, { bindings, params, grid: [rows] });
}

export const pairLossKernels = [
  ...Object.values(totalLossKernels),
  ...Object.values(pearsonKernels),
  ...Object.values(rankKlKernels),
  ...Object.values(proForwardKernels),
  ...Object.values(proBackwardKernels),
] as const;

/** Workgroups for one lane an element. */
export const elementGrid = (count: number): readonly [number] => [Math.ceil(count / LANES)];
