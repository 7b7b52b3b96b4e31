/**
 * The optimizer over flat buffers: global norm and AdamW. Buffers above the binding limit are worked through in pages
 * of whole spans, so neither the values nor the order of summation depend on the limit.
 */

import type { Gpu, KernelForm, KernelSpec, Tensor } from '../device/types.ts';
import { elementCount, withLeases } from '../device/types.ts';
import { forWidth, sumsOverRows } from './forms.ts';
import { withSharedLanes } from './shared-lanes.ts';
import { reduceShader } from './similarity.ts';

/** Elements that one workgroup of the norm sums; also the grain of pages. As in optim/square_sum_*.wgsl. */
const SPAN = 4096;
/** Elements that share a bit of the exempt mask: the 256 bytes to which flat buffers pad every tensor. */
const BLOCK = 64;

const squareSumKernels = sumsOverRows(
  {
    name: 'square_sum',
    shader: 'optim/square_sum',
    bindings: { gradients: 'read', partials: 'write' },
    params: { count: 'u32', spans: 'u32', firstSpan: 'u32' },
  },
  reduceShader,
);

const normFinishKernels = withSharedLanes({
  name: 'norm_finish',
  shader: 'optim/norm_finish.wgsl',
  include: [reduceShader],
  bindings: { partials: 'read', guard: 'read', norm: 'write' },
  params: { spans: 'u32', hasGuard: 'u32' },
});

/** Elements that a lane of AdamW updates. */
const UPDATES = 8;

const adamWSpec = (element: 'f32' | 'vec4f', form: KernelForm) =>
  ({
    name: `adamw-${element === 'f32' ? 1 : 4}-${form}`,
    form,
    shader: 'optim/adamw.wgsl',
    header: `alias Element = ${element};
const BLOCK = ${element === 'f32' ? BLOCK : BLOCK / 4}u;
const UPDATES = ${UPDATES}u;
const SIDE_BY_SIDE = ${form === 'row'};`,
    bindings: {
      gradients: 'read',
      norm: 'read',
      exempt: 'read',
      parameters: 'write',
      firstMoment: 'write',
      secondMoment: 'write',
    },
    params: {
      count: 'u32',
      firstBlock: 'u32',
      hasExempt: 'u32',
      clipNorm: 'f32',
      stepSize: 'f32',
      decay: 'f32',
      beta1Rest: 'f32',
      beta2: 'f32',
      beta2Rest: 'f32',
      secondScale: 'f32',
      epsilon: 'f32',
      tiny: 'f32',
    },
  }) as const satisfies KernelSpec;

const adamWKernels = {
  wide: { row: adamWSpec('vec4f', 'row'), workgroup: adamWSpec('vec4f', 'workgroup') },
  single: { row: adamWSpec('f32', 'row'), workgroup: adamWSpec('f32', 'workgroup') },
};

export const optimKernels = [
  ...Object.values(squareSumKernels),
  ...Object.values(normFinishKernels),
  ...Object.values(adamWKernels.wide),
  ...Object.values(adamWKernels.single),
] as const;

/** A part of a flat tensor, [length] elements from `start`; `start` is a multiple of 64. */
const part = (gpu: Gpu, tensor: Tensor, start: number, length: number): Tensor => gpu.view(tensor, start, [length]);

/** Starts and lengths of the pages of `count` elements under a limit in bytes. */
export function pagesOf(count: number, limit: number): { start: number; length: number }[] {
  const size = Math.max(SPAN, Math.floor(limit / 4 / SPAN) * SPAN);
  return Array.from({ length: Math.ceil(count / size) }, (_, page) => ({
    start: page * size,
    length: Math.min(size, count - page * size),
  }));
}

/** Bytes of one page: the device's binding limit unless a caller (a test) wants smaller ones. */
const pageLimit = (gpu: Gpu, pageBytes = Number.POSITIVE_INFINITY): number => Math.min(pageBytes, gpu.largestBinding);

export interface GlobalNormCall {
  /** Flat gradients, one or several buffers of any length. */
  readonly gradients: Tensor | readonly Tensor[];
  /** [1]: the L2 norm of all of them; Inf or NaN where a gradient is, or where the squares leave f32. */
  readonly out: Tensor;
  /** [1]: where it is Inf or NaN, so is the norm. The step's loss, so that no update follows one that is not finite. */
  readonly guard?: Tensor;
  readonly pageBytes?: number;
}

/** L2 norm over all gradients, in two stages of fixed order. */
export function globalNorm(gpu: Gpu, { gradients, out, guard, pageBytes }: GlobalNormCall): void {
  const tensors = 'shape' in gradients ? [gradients] : gradients;
  const spansOf = (length: number): number => Math.ceil(length / SPAN);
  const spans = tensors.reduce((sum, tensor) => sum + spansOf(elementCount(tensor.shape)), 0);
  withLeases(gpu, (lease) => {
    const partials = lease('norm partials', [Math.max(spans, 1)]);
    let firstSpan = 0;
    for (const tensor of tensors) {
      // By the whole tensor's length, so that the order of sums does not depend on the pages.
      const { kernel, neighbours } = forWidth(squareSumKernels, gpu.traits.form, elementCount(tensor.shape));
      for (const { start, length } of pagesOf(elementCount(tensor.shape), pageLimit(gpu, pageBytes))) {
        gpu.dispatch(kernel, {
          bindings: { gradients: part(gpu, tensor, start, length), partials },
          params: { count: length / neighbours, spans: spansOf(length), firstSpan },
          grid: [spansOf(length)],
        });
        firstSpan += spansOf(length);
      }
    }
    gpu.dispatch(normFinishKernels[gpu.traits.form], {
      bindings: { partials, guard: guard ?? partials, norm: out },
      params: { spans, hasGuard: guard === undefined ? 0 : 1 },
      grid: [1],
    });
  });
}

export interface AdamWCall {
  /** Flat, all of one length; parameters and moments are updated. */
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  readonly firstMoment: Tensor;
  readonly secondMoment: Tensor;
  /** [1], from {@link globalNorm} over all gradients of the model. Not finite = nothing is updated. */
  readonly norm: Tensor;
  /** Of this update, from 1: the bias correction is taken from it in float64. */
  readonly step: number;
  readonly learningRate: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
  /** Gradients are scaled by min(1, clipNorm / (norm + 1e-6)); 0 (the default) = no clipping. */
  readonly clipNorm?: number;
  /** u32 bits of {@link exemptMask}: blocks without weight decay. */
  readonly exempt?: Tensor;
  readonly pageBytes?: number;
}

/** One AdamW update with decoupled weight decay, as torch.optim.AdamW, in one pass over the flat buffers. */
export function adamW(gpu: Gpu, call: AdamWCall): void {
  const { gradients, norm, parameters, firstMoment, secondMoment, exempt } = call;
  for (const { start, length } of pagesOf(elementCount(parameters.shape), pageLimit(gpu, call.pageBytes))) {
    const isWide = length % 4 === 0;
    const count = isWide ? length / 4 : length;
    gpu.dispatch(adamWKernels[isWide ? 'wide' : 'single'][gpu.traits.form], {
      bindings: {
        gradients: part(gpu, gradients, start, length),
        norm,
        exempt: exempt ?? norm,
        parameters: part(gpu, parameters, start, length),
        firstMoment: part(gpu, firstMoment, start, length),
        secondMoment: part(gpu, secondMoment, start, length),
      },
      params: { count, firstBlock: start / BLOCK, ...coefficients(call) },
      grid: [Math.ceil(count / (64 * UPDATES))],
    });
  }
}

/** What depends on the step only, computed in float64. */
function coefficients(call: AdamWCall) {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, learningRate, step } = call;
  return {
    hasExempt: call.exempt ? 1 : 0,
    clipNorm: call.clipNorm ?? 0,
    stepSize: learningRate / (1 - beta1 ** step),
    decay: learningRate * weightDecay,
    beta1Rest: 1 - beta1,
    beta2,
    beta2Rest: 1 - beta2,
    secondScale: 1 / Math.sqrt(1 - beta2 ** step),
    epsilon,
    // A gradient of this size moves a parameter by a billionth of the learning rate.
    tiny: epsilon * 1e-9,
  };
}

/** Bits of the 64-element blocks that get no weight decay, for `count` elements; starts are multiples of 64. */
export function exemptMask(count: number, ranges: readonly { start: number; length: number }[]): Uint32Array {
  const mask = new Uint32Array(Math.max(1, Math.ceil(count / BLOCK / 32)));
  for (const { start, length } of ranges) {
    for (let block = start / BLOCK; block * BLOCK < start + length; block++) mask[block >>> 5] |= 1 << (block & 31);
  }
  return mask;
}
