/** The splits of a suite, as a caller names them and as they are kept. */
import { asc, eq, inArray } from 'drizzle-orm';
import type { Split } from '../../data/types.ts';
import { type DatasetRow, datasets, suiteEntries } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { groupBy } from '../common/group-by.ts';
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
export async function entriesOf(tandem: Tandem, suiteId: string): Promise<readonly SuiteEntry[]> {
  return (await entriesOfSuites(tandem, [suiteId]))[0] ?? [];
}

/** The entries of each of the suites, in the order of the ids. */
export async function entriesOfSuites(
  { database: { db } }: Tandem,
  suiteIds: readonly string[],
): Promise<(readonly SuiteEntry[])[]> {
  const rows = await db
    .select({ entry: suiteEntries, dataset: datasets })
    .from(suiteEntries)
    .innerJoin(datasets, eq(datasets.id, suiteEntries.datasetId))
    .where(inArray(suiteEntries.suiteId, [...suiteIds]))
    .orderBy(asc(suiteEntries.position));
  const groups = groupBy(rows, ({ entry }) => entry.suiteId);
  return suiteIds.map((id) => (groups.get(id) ?? []).map(entryOf));
}

type Joined = { readonly entry: typeof suiteEntries.$inferSelect; readonly dataset: DatasetRow };

const entryOf = ({ entry: { split, pooled, domain }, dataset }: Joined): SuiteEntry => ({
  ...{ dataset, split, pooled },
  domain: domain ?? dataset.domain,
});

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
