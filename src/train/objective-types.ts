/** What the loss of a batch is computed from, and what of it is kept until it is read. Plain types. */
import type { Tensor } from '../device/types.ts';

/** [M, D] and [M, pooled width], rows in the global order. */
export interface LayerVectors {
  readonly final: Tensor;
  /** The inner layer's; absent if no loss term reads them. */
  readonly inner: Tensor | undefined;
}

export interface Objective {
  /** [1], the weighted sum of the terms. */
  readonly total: Tensor;
  /**
   * Unweighted values [1] of the terms, by name. The value of a term is the sum of share * value over those of its
   * name.
   */
  readonly components: readonly (readonly [name: string, value: Tensor, share: number])[];
  /** u32 [1] each, by name; those of one name are added. */
  readonly warnings: readonly (readonly [name: string, count: Tensor])[];
  release(): void;
}
