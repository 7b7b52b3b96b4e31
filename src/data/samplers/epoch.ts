/**
 * The batches of an epoch in the order in which they are trained. Pure functions of their arguments: the order depends
 * on (seed, epoch) alone, so a resumed run continues at the very batch.
 */
import { badInput } from '../../errors.ts';
import { RandomStream } from '../../random/keyed.ts';
import { streams } from '../streams.ts';
import { distinctBatches } from './distinct.ts';
import type { EpochPlan, PlannedBatch, SampledDataset } from './sampler.ts';

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
export function planEpoch(request: EpochRequest): EpochPlan {
  const { seed, epoch, counts, perUpdate } = request;
  const cut = counts.map((_, dataset) => cutDataset(request, dataset));
  const batches = cut.flatMap((part) => part.batches);
  new RandomStream(seed, streams.batches, epoch).shuffle(batches);
  const updates = Math.floor(batches.length / perUpdate);
  return {
    updates: Array.from({ length: updates }, (_, index) => batches.slice(index * perUpdate, (index + 1) * perUpdate)),
    leftOut: cut.map(({ leftOut }) => leftOut),
  };
}

/** Passes in a row without a whole batch after which a data set is refused. */
const fruitlessPasses = 8;

/** The batches of one data set, pass after pass over it, each in an order of its own. */
function cutDataset({ seed, epoch, datasets, counts }: EpochRequest, dataset: number) {
  const { n, batchSize, name } = datasets[dataset]!;
  const count = counts[dataset]!;
  const full = Math.floor(n / batchSize);
  const batches: PlannedBatch[] = [];
  let leftOut = 0;
  let fruitless = 0;
  for (let pass = 0; batches.length < count; pass++) {
    const order = new RandomStream(seed, streams.permutation, epoch, dataset, pass).permutation(n);
    let made = 0;
    for (const records of batchesOf(order, datasets[dataset]!, { epoch, pass })) {
      batches.push({ dataset, records, pass });
      made++;
      if (batches.length === count) break;
    }
    if (batches.length === count && made < full) break;
    leftOut += (full - made) * batchSize;
    fruitless = made === 0 ? fruitless + 1 : 0;
    if (fruitless === fruitlessPasses) refuseRepeats(name, batchSize, dataset);
  }
  return { batches, leftOut };
}

/** The whole batches of one pass. */
function batchesOf(
  order: Uint32Array,
  { batchSize, textsOf }: SampledDataset,
  visit: { readonly epoch: number; readonly pass: number },
): Iterable<Uint32Array> {
  if (textsOf) return distinctBatches(order, batchSize, (record) => textsOf({ ...visit, record }));
  return Array.from({ length: Math.floor(order.length / batchSize) }, (_, index) =>
    order.slice(index * batchSize, (index + 1) * batchSize),
  );
}

function refuseRepeats(name: string, batchSize: number, index: number): never {
  throw badInput(`Data set ${name} gives no batch of ${batchSize} records that show no text twice`, {
    field: `input.datasets.${index}.dataset`,
    expected: 'at least one full batch of records with texts of their own',
    remedy: 'Lower the batch size, positives or negatives, or allow repeated texts (distinctTexts).',
  });
}
