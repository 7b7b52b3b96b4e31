/** The code behind the names of the catalog, and what a run's settings make of its data sets. */
import { badInput } from '../../errors.ts';
import { batchCounts } from './balance.ts';
import type { SamplerName } from './catalog.ts';
import { dynamic } from './dynamic.ts';
import { type EpochRequest, planEpoch } from './epoch.ts';
import { mixed } from './mixed.ts';
import type { Balance, BatchSettings, BatchSizes, EpochPlan, SampledDataset, Sampler } from './sampler.ts';
import { single } from './single.ts';

const samplers: Readonly<Record<SamplerName, Sampler>> = { dynamic, single, mixed };

export type SamplingSettings = BatchSettings & Balance & { readonly sampler: SamplerName; readonly seed: number };

/** How a run goes over its data sets. */
export interface Sampling {
  readonly sizes: BatchSizes;
  /** Batches of each data set in an epoch, in the order of the data sets. */
  readonly counts: readonly number[];
  readonly updatesPerEpoch: number;
  /** The updates of an epoch (from 0). Throws BAD_USER_INPUT for a data set without batches of distinct texts. */
  planEpoch(epoch: number): EpochPlan;
}

/** Throws BAD_USER_INPUT, naming the field, where a data set gives no batch or the settings no update. */
export function samplingOf(
  settings: SamplingSettings,
  datasets: readonly Omit<SampledDataset, 'batchSize'>[],
): Sampling {
  const sizes = samplers[settings.sampler].sizes(settings);
  if (sizes.sts < 2 && datasets.some(({ task }) => task === 'sts')) refuseSinglePairs(settings.sampler);
  const sampled = datasets.map((dataset) => ({ ...dataset, batchSize: sizes[dataset.task] }));
  const counts = batchCounts(sampled, settings);
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all < sizes.perUpdate) refuseNoUpdate(all, sizes.perUpdate);
  const request: Omit<EpochRequest, 'epoch'> = {
    ...{ seed: settings.seed, datasets: sampled, counts },
    perUpdate: sizes.perUpdate,
  };
  return {
    sizes,
    counts,
    updatesPerEpoch: Math.floor(all / sizes.perUpdate),
    planEpoch: (epoch) => planEpoch({ ...request, epoch }),
  };
}

function refuseSinglePairs(sampler: SamplerName): never {
  throw badInput(`The sampler ${sampler} would make batches of one similarity pair, which have no order to learn`, {
    field: 'input.settings.irBatchSize',
    expected: 'batches of at least two pairs',
    remedy: 'Raise irBatchSize, lower shardsPerUpdate, or use the sampler dynamic.',
  });
}

function refuseNoUpdate(batches: number, perUpdate: number): never {
  throw badInput(`An epoch has ${batches} shards, fewer than the ${perUpdate} of one update`, {
    field: 'input.settings.shardsPerUpdate',
    expected: `at most ${batches}`,
    remedy: 'Lower shardsPerUpdate or irBatchSize, or add records.',
  });
}
