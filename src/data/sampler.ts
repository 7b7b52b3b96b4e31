/**
 * The sampler "dynamic" (docs/method.md section 3) and the draws of texts within a record (section 1). Pure functions of their
 * arguments: the order of an epoch depends on (seed, epoch) alone, so a resumed run continues at the very batch.
 */
import { badInput } from '../errors.ts';
import { RandomStream } from '../random/keyed.ts';

/** What the streams are for; the first word of a stream's name after the seed. */
const purpose = { batches: 1, permutation: 2, draw: 3 } as const;

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

/** Batches per data set and epoch: round(w_d * c * m_d * n_d^(alpha-1)), with c such that w = 1 gives sum m_d in all. */
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
          new RandomStream(seed, purpose.permutation, epoch, dataset, pass).permutation(n),
        );
      return { dataset, records: permutation.slice(begin, begin + batchSize), pass };
    });
  });
  return new RandomStream(seed, purpose.batches, epoch).shuffle(batches);
}

/** Which list of a record the texts are drawn from. */
export const drawSlot = { positives: 0, negatives: 1 } as const;

export interface DrawRequest {
  readonly seed: number;
  readonly epoch: number;
  /** Index among the run's data sets, as in {@link PlannedBatch}: equal records of two sets draw independently. */
  readonly dataset: number;
  readonly pass: number;
  /** Number of the record in its train split. */
  readonly record: number;
  readonly slot: (typeof drawSlot)[keyof typeof drawSlot];
  /** Texts that the record has. */
  readonly available: number;
  /** Texts that are wanted (P or N). */
  readonly count: number;
}

/**
 * Draws `count` of `available` texts in random order: the whole list as often as it fits, then the rest without
 * replacement. No texts at all: an empty answer (the caller masks the columns).
 */
export function drawTexts({ seed, epoch, dataset, pass, record, slot, available, count }: DrawRequest): Uint32Array {
  if (available === 0) return new Uint32Array(0);
  const random = new RandomStream(seed, purpose.draw, epoch, dataset, pass, record, slot);
  const drawn = new Uint32Array(count);
  const whole = count - (count % available);
  for (let index = 0; index < whole; index++) drawn[index] = index % available;
  drawn.set(random.sample(available, count - whole), whole);
  return random.shuffle(drawn);
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const nameOf = (dataset: SampledDataset, index: number) => dataset.name ?? `number ${index + 1}`;

function refuseTooSmall(dataset: SampledDataset, index: number): never {
  throw badInput(
    `Data set ${nameOf(dataset, index)} has ${dataset.n} training records, fewer than one batch of ${dataset.batchSize}`,
    {
      field: 'datasets',
      expected: 'at least one full batch per data set',
      remedy: 'Lower the batch size of its task, add records, or leave the data set out.',
    },
  );
}

function refuseWeight(dataset: SampledDataset, index: number): never {
  throw badInput(`Weight ${dataset.weight} leaves data set ${nameOf(dataset, index)} without a batch in an epoch`, {
    field: 'datasets.weight',
    expected: 'a positive number that gives at least one batch per epoch',
    remedy: 'Raise the weight or leave the data set out.',
  });
}
