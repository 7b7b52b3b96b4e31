/** A search for the best fusion: what it searches over, and what it has tried. Plain types. */
import type { NamedTensor } from '../../model/types.ts';
import type { FusionMethod } from '../catalog.ts';
import type { FusionPlan } from '../types.ts';
import type { CandidateOrigin, SearchStrategy } from './catalog.ts';

/** A plan over some of the search's checkpoints. */
export interface SearchPlan extends Omit<FusionPlan, 'inputs' | 'only'> {
  /** Places of checkpoints among those of the search, ascending, and nodes; each checkpoint once. */
  readonly inputs: readonly (number | SearchPlan)[];
}

/** One of the checkpoints as it is, or a fusion. */
export type Candidate =
  | { readonly origin: 'single'; readonly checkpoint: number; readonly plan?: undefined }
  | {
      readonly origin: Exclude<CandidateOrigin, 'single'>;
      readonly plan: SearchPlan;
      readonly checkpoint?: undefined;
    };

/** A candidate and the joint dev score it got; null = it has none. */
export interface Scored {
  readonly candidate: Candidate;
  readonly score: number | null;
}

/** What decides, with the scores so far, which candidate is next. */
export interface SearchSpace {
  /** How many checkpoints there are. */
  readonly checkpoints: number;
  readonly methods: readonly FusionMethod[];
  /** Ways to group the checkpoints, for plans of two levels: first inside each group, then across the groups. */
  readonly groupings: readonly Grouping[];
  readonly strategy: SearchStrategy;
  readonly seed: number;
}

/** Places of all checkpoints, in groups. */
export type Grouping = readonly (readonly number[])[];

/** A candidate with the checkpoints that it is made of, by their digests. */
export interface CandidateInput {
  readonly candidate: Candidate;
  /** Digest of theta_0's folder. */
  readonly initial: string;
  /** Digest of the folder that the deltas are taken from; absent = theta_0. */
  readonly base?: string;
  /** Digests of the checkpoints of the search. */
  readonly checkpoints: readonly string[];
}

export interface CandidateWeights {
  /** sha256 (hex) of names, shapes and values: equal of equal weights. */
  readonly digest: string;
  /** In the order of the model's parameters. */
  readonly tensors: readonly NamedTensor[];
}
