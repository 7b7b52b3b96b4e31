/** What the device thread evaluates on: a token file per set, and the pooled corpus of those that have one. */
import type { DatasetRow, ModelRow } from '../../../db/schema.ts';
import type { DevSet } from '../../../train/types.ts';
import type { JobTools } from '../../define.ts';

export interface NamedSet extends Pick<DevSet, 'split'> {
  readonly dataset: DatasetRow;
  readonly pooled: boolean;
}

/** Of texts as long as the model reads. `onSet` is told before a set is prepared; token files that exist are found. */
export async function evaluatedSets(
  { cpu, signal }: Pick<JobTools, 'cpu'> & { readonly signal: AbortSignal },
  model: ModelRow,
  sets: readonly NamedSet[],
  onSet: (name: string, done: number) => void,
): Promise<DevSet[]> {
  const prepared: DevSet[] = [];
  for (const [done, { dataset, split, pooled }] of sets.entries()) {
    signal.throwIfAborted();
    const { name, task, digest } = dataset;
    onSet(name, done);
    const request = { dataset: digest, model: model.digest, maxLength: model.maxLength };
    const { key: tokens } = await cpu.call('tokenizeDataset', request, { signal });
    const pool = pooled ? await cpu.call('poolCorpus', { dataset: digest, split }, { signal }) : undefined;
    prepared.push({ name, task, split, digest, tokens, ...(pool && { pool }) });
  }
  return prepared;
}
