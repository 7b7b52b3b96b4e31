/** The splits of a suite, as a caller names them and as they are kept. */
import { asc, eq } from 'drizzle-orm';
import type { Split } from '../../data/types.ts';
import { type DatasetRow, datasets, suiteEntries } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { requireRow } from '../common/rows.ts';
import { requireCorpus, requireRecords } from '../datasets/split.ts';
import { checkList } from '../embedding/texts.ts';
import type { Tandem } from '../tandem.ts';

/** A split of a data set, as a part of a suite. */
export interface SuiteEntry {
  readonly dataset: DatasetRow;
  readonly split: Split;
  readonly pooled: boolean;
  /** That of the data set unless the suite says another; null = not said. */
  readonly domain: string | null;
}

/** An entry as a caller names it. */
export interface EntryRequest {
  readonly datasetId: string;
  readonly split: Split;
  readonly pooled: boolean;
  /** Replaces the domain of the data set; absent or null = it does not. */
  readonly domain?: string | null | undefined;
}

/** In the order of the suite. */
export async function entriesOf({ database: { db } }: Tandem, suiteId: string): Promise<SuiteEntry[]> {
  const rows = await db
    .select({ entry: suiteEntries, dataset: datasets })
    .from(suiteEntries)
    .innerJoin(datasets, eq(datasets.id, suiteEntries.datasetId))
    .where(eq(suiteEntries.suiteId, suiteId))
    .orderBy(asc(suiteEntries.position));
  return rows.map(({ entry: { split, pooled, domain }, dataset }) => ({
    ...{ dataset, split, pooled },
    domain: domain ?? dataset.domain,
  }));
}

/** The entries that a caller names; refuses those that cannot be evaluated. */
export async function readEntries(
  tandem: Tandem,
  requests: readonly EntryRequest[],
  field: string,
): Promise<SuiteEntry[]> {
  checkList(requests, tandem.config.limits, field);
  const entries: SuiteEntry[] = [];
  for (const [i, { datasetId, split, pooled, domain }] of requests.entries()) {
    const dataset = await requireRow(tandem.database.db, 'datasets', datasetId, `${field}.${i}.dataset`);
    const entry = { dataset, split, pooled, domain: domain ?? dataset.domain };
    requireRecords(dataset, split, `${field}.${i}.split`);
    if (pooled) requireCorpus(dataset, `${field}.${i}.pooled`);
    refuseRepeated(entry, entries, `${field}.${i}`);
    entries.push(entry);
  }
  return entries;
}

function refuseRepeated(entry: SuiteEntry, before: readonly SuiteEntry[], field: string): void {
  const { dataset, split, pooled } = entry;
  const isSame = (other: SuiteEntry): boolean =>
    other.dataset.id === dataset.id && other.split === split && other.pooled === pooled;
  if (!before.some(isSame)) return;
  throw badInput(`The ${split} split of data set "${dataset.name}" is named twice`, {
    field,
    expected: 'each split once',
    remedy: 'Name it once.',
  });
}
