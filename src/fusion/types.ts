/** The input of a fusion, and what it makes. Plain types. */
import type { GivenParameters } from '../catalog-parameters.ts';
import type { PublishedModel } from '../formats/types.ts';
import type { FusionMethod } from './catalog.ts';

/** A tree: a method with its parameters, over checkpoints of the fusion and over other nodes. */
export interface FusionPlan {
  readonly method: FusionMethod;
  readonly parameters: GivenParameters;
  /** What each input counts, in their order; absent = 1 each, as for a method that takes none. */
  readonly weights?: readonly number[];
  /** Globs over exported names of parameters: the node takes part in these alone; absent = in all. */
  readonly only?: readonly string[];
  /** What it merges, in order: places of checkpoints, and nodes; absent = every checkpoint of the fusion. */
  readonly inputs?: readonly (number | FusionPlan)[];
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

/** What a method tells of a fusion; its catalog row describes the name. Null = there was nothing to take it from. */
export interface FusionFigure {
  /** Place of the node in the plan as a list (plan/inputs.ts); 0 = the root. */
  readonly node: number;
  readonly name: string;
  readonly value: number | null;
}

export interface FusedModel extends PublishedModel {
  readonly figures: readonly FusionFigure[];
}

/** What a fusion by a plan takes. */
export interface PlanSize {
  /** Tensors of the model, and how many of them the plan merges; the others stay those of the base. */
  readonly tensors: number;
  readonly mergedTensors: number;
  /** Bytes of the fused weights. */
  readonly bytes: number;
  /** Bytes of the tensors that are held at once, at most; a method may need as much again for one of them. */
  readonly memoryBytes: number;
}
