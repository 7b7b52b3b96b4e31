/** What a fusion is told. Plain types. */
import type { FusionMethod } from './catalog.ts';

/** A method with its parameters, over the checkpoints it is given in order. */
export interface FusionPlan {
  readonly method: FusionMethod;
  readonly parameters: Readonly<Record<string, number | string>>;
}

export interface FuseInput {
  readonly plan: FusionPlan;
  /** Digest of theta_0's folder. */
  readonly initial: string;
  /** Digests of the checkpoints' folders. */
  readonly checkpoints: readonly string[];
}
