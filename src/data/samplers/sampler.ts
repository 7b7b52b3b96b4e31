/** What a sampler is: how data sets are cut into batches, and how many of them make an update. Pure functions. */
import type { Task } from '../types.ts';

/** The settings that a sampler reads. */
export interface BatchSettings {
  /** Global batch size of IR data sets, in queries (B). */
  readonly irBatchSize: number;
  /** Global batch size of STS data sets, in pairs. */
  readonly stsBatchSize: number;
  /** D, the batches of an update of the sampler "mixed". */
  readonly shardsPerUpdate: number;
}

export interface BatchSizes {
  /** Records of a batch of each task. */
  readonly ir: number;
  readonly sts: number;
  /** Batches of an update, whose loss is the mean of theirs. */
  readonly perUpdate: number;
}

export interface Sampler {
  /** Throws BAD_USER_INPUT, naming the setting, where the settings give no whole batches. */
  sizes(settings: BatchSettings): BatchSizes;
}

/** How many batches of an epoch each data set gives. */
export interface Balance {
  /** alpha: 1 = in proportion to the sizes, 0 = as many of each data set. */
  readonly sizeExponent: number;
  /** Each task gives the same number of batches. */
  readonly equalBatchesPerTask: boolean;
}

export interface SampledDataset {
  readonly name: string;
  readonly task: Task;
  /** Records of the train split (n_d). */
  readonly n: number;
  /** w_d; multiplies the batches of an epoch. */
  readonly weight: number;
  /** Records of a batch of the data set's task (B). */
  readonly batchSize: number;
  /** Numbers of the texts that a record shows at a visit; given = no batch shows one in two records. */
  readonly textsOf?: ((visit: Visit) => readonly number[]) | undefined;
}

/** A record in one pass over its data set. */
export interface Visit {
  /** Both count from 0. */
  readonly epoch: number;
  readonly pass: number;
  /** Number of the record in the train split. */
  readonly record: number;
}

export interface PlannedBatch {
  /** Index into the data sets that were given. */
  readonly dataset: number;
  /** [B] numbers of records of the train split. */
  readonly records: Uint32Array;
  /** Which permutation of the data set the batch was cut from; 0 = the epoch's first. */
  readonly pass: number;
}

/** The batches of one update. */
export type PlannedUpdate = readonly PlannedBatch[];

export interface EpochPlan {
  /** In the order in which they are made. */
  readonly updates: readonly PlannedUpdate[];
  /** Records of each data set that no batch could take without showing a text twice, over all passes that ended. */
  readonly leftOut: readonly number[];
}
