/** Data set versions: list, read their records, delete. */

import { inArray, sql } from 'drizzle-orm';
import { type Dataset, openDataset } from '../../data/record-file.ts';
import type { Split, StoredRecord, Task, TextTriple } from '../../data/types.ts';
import { type DatasetRow, datasets, evaluations } from '../../db/schema.ts';
import { usesOfDataset } from '../../retention/uses.ts';
import { isEqual } from '../common/condition.ts';
import { type Deletion, inUse } from '../common/editing/remove.ts';
import { type OrderBy, orderOf } from '../common/order.ts';
import type { Page, Window } from '../common/page.ts';
import { pageOf } from '../common/rows.ts';
import { deleteEvaluations } from '../evaluations/delete.ts';
import type { Tandem } from '../tandem.ts';
import type { CorpusDocumentView, GradedText, RecordView } from './types.ts';

interface ListRequest {
  readonly filter?: {
    readonly name?: string | null;
    readonly task?: Task | null;
    readonly digest?: string | null;
    readonly domain?: string | null;
    readonly language?: string | null;
    /** Names one of the data sets that it is derived from. */
    readonly derivedFrom?: string | null;
  } | null;
  readonly orderBy?: OrderBy<'createdAt' | 'name' | 'bytes'> | null;
}

export function list(tandem: Tandem, { filter, orderBy }: ListRequest, window: Window): Promise<Page<DatasetRow>> {
  const { name, task, digest, domain, language, derivedFrom } = filter ?? {};
  const conditions = [
    isEqual(datasets.name, name),
    isEqual(datasets.task, task),
    isEqual(datasets.digest, digest),
    isEqual(datasets.domain, domain),
    isEqual(datasets.language, language),
    derivedFrom ? sql`${datasets.derivedFrom} @> ${JSON.stringify([derivedFrom])}::jsonb` : undefined,
  ];
  const columns = { createdAt: datasets.createdAt, name: datasets.name, bytes: datasets.bytes };
  return pageOf(tandem, 'datasets', conditions, orderOf(orderBy, columns, datasets), window);
}

const open = ({ storage }: Tandem, { digest }: DatasetRow): Promise<Dataset> => openDataset(storage, digest);

const graded = (
  texts: readonly TextTriple[],
  scores: readonly number[],
  teacher: readonly (number | null)[] = [],
): GradedText[] =>
  texts.map((text, i) => ({
    text,
    score: scores[i] === undefined || scores[i] < 0 ? null : scores[i],
    teacherScore: teacher[i] ?? null,
  }));

const viewOf = (record: StoredRecord): RecordView => ({
  key: record.id,
  split: record.split,
  task: record.task,
  query: record.query,
  positives: graded(record.positives, record.positiveScores, record.teacherScores),
  negatives: graded(record.negatives, record.negativeScores, record.teacherScores?.slice(record.positives.length)),
});

/** Records of a split, read through the offset index. */
export async function records(
  tandem: Tandem,
  row: DatasetRow,
  split: Split,
  { offset, limit }: Window,
): Promise<Page<RecordView>> {
  const found = limit === 0 ? [] : await (await open(tandem, row)).page(split, offset, limit);
  return { items: found.map(viewOf), totalCount: row.counts[split] };
}

/** Documents of a split's corpus. Read in order: a page far behind costs what stands before it. */
export async function documents(
  tandem: Tandem,
  row: DatasetRow,
  split: Split,
  { offset, limit }: Window,
): Promise<Page<CorpusDocumentView>> {
  const totalCount = row.documentCounts[split];
  const items: CorpusDocumentView[] = [];
  if (limit === 0 || offset >= totalCount) return { items, totalCount };
  let position = 0;
  for await (const { id, splits, text } of (await open(tandem, row)).documents(split)) {
    if (position++ >= offset) items.push({ key: id, splits, text });
    if (items.length === limit) break;
  }
  return { items, totalCount };
}

/** A version goes with its evaluations; its files, token files too, go if no other version shares them. */
export const deletion: Deletion<'datasets'> = {
  noun: 'datasets',
  locked: datasets,
  refusal: async (tx, { id, name, version }) =>
    inUse(`data set "${name}" version ${version}`, await usesOfDataset(tx, id)),
  async remove(tx, rows) {
    const ids = rows.map(({ id }) => id);
    const units = await deleteEvaluations(tx, inArray(evaluations.datasetId, ids));
    await tx.delete(datasets).where(inArray(datasets.id, ids));
    return { datasets: rows.map(({ digest }) => digest), units };
  },
};
