/**
 * The batches of an epoch in the order in which they are trained. Pure functions of their arguments: the order depends
 * on (seed, epoch) alone, so a resumed run continues at the very batch.
 */
import { RandomStream } from '../../random/keyed.ts';
import { streams } from '../streams.ts';
import type { PlannedBatch, PlannedUpdate, SampledDataset } from './sampler.ts';

export interface EpochRequest {
  readonly seed: number;
  /** Counts from 0. */
  readonly epoch: number;
  readonly datasets: readonly SampledDataset[];
  /** Batches of each data set, in the order of the data sets. */
  readonly counts: readonly number[];
  /** Batches of an update; those that are left at the end of the epoch are dropped. */
  readonly perUpdate: number;
}

/** Cuts each data set into whole batches, permutes all of them, and takes `perUpdate` at a time. */
export function planEpoch({ seed, epoch, datasets, counts, perUpdate }: EpochRequest): PlannedUpdate[] {
  const batches = counts.flatMap((count, dataset) => {
    const { n, batchSize } = datasets[dataset]!;
    const perPass = Math.floor(n / batchSize);
    let permutation = new Uint32Array(0);
    return Array.from({ length: count }, (_, index): PlannedBatch => {
      const pass = Math.floor(index / perPass);
      const begin = (index % perPass) * batchSize;
      if (begin === 0)
        permutation = Uint32Array.from(
          new RandomStream(seed, streams.permutation, epoch, dataset, pass).permutation(n),
        );
      return { dataset, records: permutation.slice(begin, begin + batchSize), pass };
    });
  });
  new RandomStream(seed, streams.batches, epoch).shuffle(batches);
  const updates = Math.floor(batches.length / perUpdate);
  return Array.from({ length: updates }, (_, update) => batches.slice(update * perUpdate, (update + 1) * perUpdate));
}
