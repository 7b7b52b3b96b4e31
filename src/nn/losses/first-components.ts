/** The first components of unit vectors, normalised again, and the way back from them. */
import type { Gpu, Tensor } from '../../device/types.ts';
import { invariant } from '../../errors.ts';
import { addColumns, takeColumns } from '../../kernels/columns.ts';
import { l2NormalizeBackward, l2NormalizeForward } from '../../kernels/norm.ts';

export interface FirstComponents {
  /** [R, m] unit rows; `x` itself where m is its width. */
  readonly vectors: Tensor;
  /** [R, m], which the caller fills with the gradient with respect to `vectors`. */
  readonly gradient: Tensor;
  /** Adds the gradient with respect to `x` to `whole` [R, C]. */
  addGradient(whole: Tensor): void;
  release(): void;
}

/** The first m components of the rows of `x` [R, C]. */
export function firstComponents(gpu: Gpu, x: Tensor, m: number): FirstComponents {
  const [count, width] = x.shape as [number, number];
  invariant(m >= 1 && m <= width, `The first ${m} of ${width} components`);
  const leased: Tensor[] = [];
  const lease = (label: string, shape: readonly number[]): Tensor => {
    const tensor = gpu.lease(label, shape);
    leased.push(tensor);
    return tensor;
  };
  const release = (): void => {
    for (const tensor of leased.splice(0)) gpu.release(tensor);
  };
  try {
    const gradient = lease('gradients of first components', [count, m]);
    if (m === width) {
      return { vectors: x, gradient, addGradient: (whole) => addColumns(gpu, { part: gradient, whole }), release };
    }
    const first = lease('first components', [count, m]);
    const vectors = lease('unit first components', [count, m]);
    const norm = lease('norms of first components', [count]);
    takeColumns(gpu, { x, out: first });
    l2NormalizeForward(gpu, { x: first, out: vectors, norm });
    const addGradient = (whole: Tensor): void => {
      // The components themselves are not needed any more.
      l2NormalizeBackward(gpu, { out: vectors, norm, dOut: gradient, dX: first });
      addColumns(gpu, { part: first, whole });
    };
    return { vectors, gradient, addGradient, release };
  } catch (error) {
    release();
    throw error;
  }
}
