/**
 * What every loss of one call shares: the device, the weighted total, and tensors that live as long as the call's
 * result.
 */
import type { DType, Gpu, Tensor } from '../../device/types.ts';
import { add } from '../../kernels/elementwise.ts';
import { totalLoss } from '../../kernels/loss.ts';

export interface LossContext {
  readonly gpu: Gpu;
  /** [1], the sum of weight * value over the terms so far. */
  readonly total: Tensor;
  /** A tensor with undefined content that lives until `release`. */
  keep(label: string, shape: readonly number[], dtype?: DType): Tensor;
  /** A tensor with undefined content that lives until `endScratch`, when everything was recorded. */
  scratch(label: string, shape: readonly number[], dtype?: DType): Tensor;
  /** Scratch that holds host data. */
  upload(label: string, data: Float32Array | Uint32Array, shape?: readonly number[]): Tensor;
  endScratch(): void;
  release(): void;
}

export function openContext(gpu: Gpu): LossContext {
  const kept: Tensor[] = [];
  const scratches: Tensor[] = [];
  const leaseInto = (list: Tensor[]) => (label: string, shape: readonly number[], dtype?: DType) => {
    const tensor = gpu.lease(label, shape, dtype);
    list.push(tensor);
    return tensor;
  };
  const returnAll = (list: Tensor[]) => {
    for (const tensor of list.splice(0)) gpu.release(tensor);
  };
  const [keep, scratch] = [leaseInto(kept), leaseInto(scratches)];
  const total = keep('loss', [1]);
  gpu.clear(total);
  return {
    gpu,
    total,
    keep,
    scratch,
    upload(label, data, shape = [data.length]) {
      const tensor = scratch(label, shape, data instanceof Uint32Array ? 'u32' : 'f32');
      gpu.write(tensor, data);
      return tensor;
    },
    endScratch: () => returnAll(scratches),
    release: () => returnAll(kept),
  };
}

/** Runs `work` with a context. Gives its scratch back in any case, and what it kept too if `work` throws. */
export function withContext<R>(gpu: Gpu, work: (context: LossContext) => R): R {
  const context = openContext(gpu);
  try {
    return work(context);
  } catch (error) {
    context.release();
    throw error;
  } finally {
    context.endScratch();
  }
}

/** A zero-filled tensor that lives until `release`. */
export function keepZeros(context: LossContext, label: string, shape: readonly number[], dtype?: DType): Tensor {
  const tensor = context.keep(label, shape, dtype);
  context.gpu.clear(tensor);
  return tensor;
}

/** The sum of gradients with respect to one tensor; zeros of its shape where there are none. */
export function sumOf(context: LossContext, input: Tensor, gradients: readonly (Tensor | null)[]): Tensor {
  const [first, ...others] = gradients.filter((gradient) => gradient !== null);
  if (first === undefined) return keepZeros(context, `d ${input.label}`, input.shape);
  return others.reduce((sum, gradient) => {
    const out = context.keep(`d ${input.label}`, input.shape);
    add(context.gpu, { a: sum, b: gradient, out });
    return out;
  }, first);
}

/** The total [1] of losses that were computed apart, in a tensor of its own. */
export function addTotals(gpu: Gpu, a: Tensor, b: Tensor, out: Tensor): void {
  add(gpu, { a, b, out });
}

/** Sums row losses to the loss's value [1] and adds weight * value to the total. */
export function finishLoss(
  context: LossContext,
  label: string,
  { losses, scale, weight }: { losses: Tensor; scale: number; weight: number },
): Tensor {
  const value = context.keep(label, [1]);
  totalLoss(context.gpu, { losses, value, total: context.total, scale, weight });
  return value;
}
