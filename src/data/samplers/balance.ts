/** How many batches of an epoch each data set gives (docs/method.md section 3). */
import { badInput } from '../../errors.ts';
import type { Balance, SampledDataset } from './sampler.ts';

/**
 * round(w_d * c * m_d * n_d^(alpha-1)) for each data set, m_d = floor(n_d / B), with c such that w = 1 gives sum m_d in
 * all. With equal batches per task that total is divided equally among the tasks, and within a task in proportion to
 * the same numbers. Throws BAD_USER_INPUT where a data set gives none.
 */
export function batchCounts(datasets: readonly SampledDataset[], balance: Balance): number[] {
  const { sizeExponent: alpha, equalBatchesPerTask } = balance;
  const full = datasets.map(({ n, batchSize }) => Math.floor(n / batchSize));
  datasets.forEach((dataset, index) => {
    if (full[index]! < 1) refuseTooSmall(dataset, index);
    if (!(dataset.weight > 0)) refuseShare(dataset, index);
  });
  const bySize = datasets.map(({ n }, index) => full[index]! * n ** (alpha - 1));
  const c = sum(full) / sum(bySize);
  const shares = datasets.map(({ weight }, index) => weight * c * bySize[index]!);
  const rounded = shares.map(Math.round);
  const counts = equalBatchesPerTask ? equalCounts(datasets, shares, sum(rounded)) : rounded;
  datasets.forEach((dataset, index) => {
    const count = counts[index]!;
    if (!Number.isFinite(count) || count < 1) refuseShare(dataset, index);
  });
  return counts;
}

/** The largest whole parts first, then the largest remainders, ties in the order of the data sets. */
function equalCounts(datasets: readonly SampledDataset[], shares: readonly number[], total: number): number[] {
  const tasks = [...new Set(datasets.map(({ task }) => task))];
  const perTask = Math.round(total / tasks.length);
  const counts = new Array<number>(datasets.length).fill(0);
  for (const task of tasks) {
    const own = datasets.flatMap((dataset, index) => (dataset.task === task ? [index] : []));
    const whole = sum(own.map((index) => shares[index]!));
    const exact = new Map(own.map((index) => [index, (perTask * shares[index]!) / whole]));
    for (const [index, value] of exact) counts[index] = Math.floor(value);
    const missing = perTask - sum(own.map((index) => counts[index]!));
    const remainder = (index: number): number => exact.get(index)! - counts[index]!;
    for (const index of own.toSorted((a, b) => remainder(b) - remainder(a)).slice(0, missing)) counts[index]!++;
  }
  return counts;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function refuseTooSmall({ name, n, batchSize }: SampledDataset, index: number): never {
  throw badInput(`Data set ${name} has ${n} training records, fewer than one batch of ${batchSize}`, {
    field: `input.datasets.${index}.dataset`,
    expected: 'at least one full batch per data set',
    remedy: 'Lower the batch size of its task, add records, or leave the data set out.',
  });
}

function refuseShare({ name, weight }: SampledDataset, index: number): never {
  throw badInput(`Weight ${weight} leaves data set ${name} without a batch in an epoch`, {
    field: `input.datasets.${index}.weight`,
    expected: 'a positive number that gives at least one batch per epoch',
    remedy: 'Raise the weight or leave the data set out.',
  });
}
