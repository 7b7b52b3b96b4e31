/** Kernels of the losses for comparison and company. They are compiled where a run first uses them. */
import type { Gpu, KernelSpec, Tensor } from '../device/types.ts';
import { forWidth, inForms } from './forms.ts';
import { shareShader, targetShader } from './loss.ts';
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

export const companionKernels = [
  ...Object.values(cosentForwardKernels),
  ...Object.values(cosentTotalKernels),
  ...Object.values(cosentBackwardKernels),
] as const;
