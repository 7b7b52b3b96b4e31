/** What a split must have to be evaluated on. */
import type { Split } from '../../data/types.ts';
import type { DatasetRow } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';

export function requireRecords({ name, counts }: DatasetRow, split: Split, field: string): void {
  if (counts[split] > 0) return;
  throw badInput(`Data set "${name}" has no ${split} split`, {
    field,
    expected: `a data set with ${split} records`,
    remedy: 'Name another split, or another data set.',
  });
}

/** A corpus, which can be pooled. */
export function requireCorpus({ name, task }: DatasetRow, field: string): void {
  if (task === 'ir') return;
  throw badInput(`Data set "${name}" is one of STS and has no corpus to pool`, {
    field,
    expected: 'a data set of IR, where pooled is true',
    remedy: 'Set pooled to false, or leave the data set out.',
  });
}
