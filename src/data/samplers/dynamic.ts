/**
 * The sampler "dynamic" (docs/method.md section 3). Every global batch comes from one data set. Pure functions of their
 * arguments: the order of an epoch depends on (seed, epoch) alone, so a resumed run continues at the very batch.
 */
import { badInput } from '../../errors.ts';
import { RandomStream } from '../../random/keyed.ts';
import { streams } from '../streams.ts';
import type { EpochRequest, PlannedBatch, SampledDataset, Sampler } from './sampler.ts';

/**
 * Batches per data set and epoch: round(w_d * c * m_d * n_d^(alpha-1)), with c such that w = 1 gives sum m_d in all.
 */
export function batchCounts(datasets: readonly SampledDataset[], alpha = 1): number[] {
  const full = datasets.map(({ n, batchSize }) => Math.floor(n / batchSize));
  datasets.forEach((dataset, index) => {
    if (full[index]! < 1) refuseTooSmall(dataset, index);
  });
  const shares = datasets.map(({ n }, index) => full[index]! * n ** (alpha - 1));
  const c = sum(full) / sum(shares);
  return datasets.map((dataset, index) => {
    const count = Math.round(dataset.weight * c * shares[index]!);
    if (!(dataset.weight > 0) || !Number.isFinite(count) || count < 1) refuseWeight(dataset, index);
    return count;
  });
}

/** All batches of one epoch in the order in which they are trained. */
export function planEpoch({ seed, epoch, datasets, alpha = 1 }: EpochRequest): PlannedBatch[] {
  const batches = batchCounts(datasets, alpha).flatMap((count, dataset) => {
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
  return new RandomStream(seed, streams.batches, epoch).shuffle(batches);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const nameOf = (dataset: SampledDataset, index: number) => dataset.name ?? `number ${index + 1}`;

function refuseTooSmall(dataset: SampledDataset, index: number): never {
  throw badInput(
    `Data set ${nameOf(dataset, index)} has ${dataset.n} training records, fewer than one batch of ${dataset.batchSize}`,
    {
      field: `input.datasets.${index}.dataset`,
      expected: 'at least one full batch per data set',
      remedy: 'Lower the batch size of its task, add records, or leave the data set out.',
    },
  );
}

function refuseWeight(dataset: SampledDataset, index: number): never {
  throw badInput(`Weight ${dataset.weight} leaves data set ${nameOf(dataset, index)} without a batch in an epoch`, {
    field: `input.datasets.${index}.weight`,
    expected: 'a positive number that gives at least one batch per epoch',
    remedy: 'Raise the weight or leave the data set out.',
  });
}

export const dynamic: Sampler = { batchCounts, planEpoch };
