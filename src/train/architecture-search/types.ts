/** What a search over architectures varies, and what a candidate has of it. Plain types. */
import type { Task } from '../../data/types.ts';
import type { Heads, PoolingMode } from '../../model/types.ts';
import type { LossName } from '../../nn/losses/catalog.ts';

/** Values of each dimension. An empty list leaves the dimension as the request has it. */
export interface ArchitectureSpace {
  /** Blocks that the inner-layer loss may read, from 1. */
  readonly innerLayers: readonly number[];
  readonly lossWeights: readonly {
    readonly task: Task;
    readonly loss: LossName;
    readonly weights: readonly number[];
  }[];
  /** One mode each, or several whose vectors are joined. */
  readonly poolings: readonly (readonly PoolingMode[])[];
  readonly heads: readonly Heads[];
}

/** One value of each dimension. */
export interface ArchitectureConfiguration {
  /** Null = the run has no inner-layer loss. */
  readonly innerLayer: number | null;
  /** Of the losses that the space names, in its order. */
  readonly lossWeights: readonly { readonly task: Task; readonly loss: LossName; readonly weight: number }[];
  readonly pooling: readonly PoolingMode[];
  readonly heads: Heads;
}
