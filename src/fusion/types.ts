/** The input of a fusion. Plain types. */
import type { GivenParameters } from '../catalog-parameters.ts';
import type { FusionMethod } from './catalog.ts';

/** A method with its parameters, over the checkpoints it is given in order. */
export interface FusionPlan {
  readonly method: FusionMethod;
  readonly parameters: GivenParameters;
}

export interface FuseInput {
  readonly plan: FusionPlan;
  /** Digest of theta_0's folder. */
  readonly initial: string;
  /** Digest of the folder that the deltas are taken from, an ancestor of all checkpoints; absent = theta_0. */
  readonly base?: string;
  /** Digests of the checkpoints' folders. */
  readonly checkpoints: readonly string[];
}
