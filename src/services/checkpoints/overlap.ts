/** What a split of a data set shares with all that a checkpoint has learnt from. */
import { sql } from 'drizzle-orm';
import type { Split } from '../../data/types.ts';
import type { Executor } from '../../db/open.ts';
import { type DatasetRow, datasets } from '../../db/schema.ts';
import type { OverlapCounts } from '../../evaluation/overlaps/types.ts';
import { requireRow } from '../common/rows.ts';
import { requireRecords } from '../datasets/split.ts';
import type { Tandem } from '../tandem.ts';
import { trainingSetsOf } from './ancestors.ts';

export interface Overlap extends OverlapCounts {
  /** Those of the training sets that are this very version. */
  readonly same: readonly DatasetRow[];
  /** Those of the training sets that are of the same name, or have an origin in common with it. */
  readonly related: readonly DatasetRow[];
  /** Nothing is shared in any of these ways. */
  readonly unseen: boolean;
}

/** The data set versions that were trained on; asked for once, however many splits are compared with them. */
export type TrainingSets = () => Promise<readonly DatasetRow[]>;

export function trainingSets({ database: { db } }: Tandem, checkpointId: string): TrainingSets {
  let found: Promise<readonly DatasetRow[]> | undefined;
  return () => {
    found ??= requireRow(db, 'checkpoints', checkpointId).then(async (checkpoint) => {
      const [sets = []] = await trainingSetsOf(db, [checkpoint]);
      return sets;
    });
    return found;
  };
}

/** Whether no text of the splits, and no data set related to theirs, was trained on. */
export type HasNotSeen = (
  splits: readonly { readonly dataset: DatasetRow; readonly split: Split }[],
) => Promise<boolean>;

/** By any of the checkpoints. Every split is compared once, however many groups of them are asked for. */
export function unseenBy(tandem: Tandem, checkpointIds: readonly string[], signal: AbortSignal): HasNotSeen {
  const each = checkpointIds.map((id) => trainingSets(tandem, id));
  let all: Promise<readonly DatasetRow[]> | undefined;
  const sets: TrainingSets = () => {
    all ??= Promise.all(each.map((own) => own())).then((found) => found.flat());
    return all;
  };
  const known = new Map<string, Promise<Overlap>>();
  return async (splits) => {
    const overlaps = splits.map(({ dataset, split }) => {
      const key = `${dataset.id} ${split}`;
      const overlap = known.get(key) ?? overlapOf(tandem, dataset, split, sets, signal);
      known.set(key, overlap);
      return overlap;
    });
    return (await Promise.all(overlaps)).every(({ unseen }) => unseen);
  };
}

/** The same for one split, by the id of its data set. */
export async function overlapWith(
  tandem: Tandem,
  checkpointId: string,
  { datasetId, split }: { readonly datasetId: string; readonly split: Split },
  signal: AbortSignal,
): Promise<Overlap> {
  const dataset = await requireRow(tandem.database.db, 'datasets', datasetId, 'dataset');
  requireRecords(dataset, split, 'split');
  return overlapOf(tandem, dataset, split, trainingSets(tandem, checkpointId), signal);
}

export async function overlapOf(
  tandem: Tandem,
  dataset: DatasetRow,
  split: Split,
  sets: TrainingSets,
  signal: AbortSignal,
): Promise<Overlap> {
  const trained = await sets();
  const digests = [...new Set(trained.map(({ digest }) => digest))];
  const input = { dataset: dataset.digest, split, trained: digests };
  const counts = await tandem.jobs.cpu.call('countOverlap', input, { signal });
  const same = trained.filter(({ digest }) => digest === dataset.digest);
  const related = await relatedTo(tandem.database.db, dataset, trained);
  return { ...counts, same, related, unseen: counts.sharedTexts === 0 && same.length === 0 && related.length === 0 };
}

/** Those that share a name with the data set, or with what either of them says that it is derived from, in turn. */
async function relatedTo(
  db: Executor,
  dataset: DatasetRow,
  trained: readonly DatasetRow[],
): Promise<readonly DatasetRow[]> {
  const parents = await derivations(db);
  const own = originsOf(dataset.name, parents);
  return trained.filter(({ name, digest }) => {
    const others = originsOf(name, parents);
    return digest !== dataset.digest && [...others].some((origin) => own.has(origin));
  });
}

/** What each name is derived from, by any of its versions. */
async function derivations(db: Executor): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await db
    .select({ name: datasets.name, derivedFrom: datasets.derivedFrom })
    .from(datasets)
    .where(sql`${datasets.derivedFrom} <> '[]'::jsonb`);
  const found = new Map<string, string[]>();
  for (const { name, derivedFrom } of rows) found.set(name, [...(found.get(name) ?? []), ...derivedFrom]);
  return found;
}

/** The name with all that it is derived from. */
function originsOf(name: string, parents: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const origins = new Set([name]);
  // A set that grows is walked to its end.
  for (const origin of origins) for (const parent of parents.get(origin) ?? []) origins.add(parent);
  return origins;
}
