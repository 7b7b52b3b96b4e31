/** What a sampler is: how the batches of an epoch are drawn from data sets. Pure functions of their arguments. */

export interface SampledDataset {
  /** Records of the train split (n_d). */
  readonly n: number;
  /** w_d; multiplies the batches of an epoch. */
  readonly weight: number;
  /** Global batch size of the data set's task (B). */
  readonly batchSize: number;
  /** For error messages. */
  readonly name?: string;
}

export interface PlannedBatch {
  /** Index into the data sets that were given. */
  readonly dataset: number;
  /** [B] numbers of records of the train split. */
  readonly records: Uint32Array;
  /** Which permutation of the data set the batch was cut from; 0 = the epoch's first. */
  readonly pass: number;
}

export interface EpochRequest {
  readonly seed: number;
  /** Counts from 0. */
  readonly epoch: number;
  readonly datasets: readonly SampledDataset[];
  /** Exponent of the balance; 1 = by size. */
  readonly alpha?: number;
}

export interface Sampler {
  /** Batches of each data set in an epoch, in the order of the data sets. */
  batchCounts(datasets: readonly SampledDataset[]): number[];
  /** All batches of one epoch in the order in which they are trained. */
  planEpoch(request: EpochRequest): PlannedBatch[];
}
