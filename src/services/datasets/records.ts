/** The records and the corpus of a data set version, as lists that lie in a file. */
import { type Dataset, openDataset } from '../../data/record-file.ts';
import type { Split, StoredDocument, StoredRecord, TextTriple } from '../../data/types.ts';
import type { DatasetRow } from '../../db/schema.ts';
import { numberedSource } from '../common/listing/places.ts';
import type { Source } from '../common/listing/types.ts';
import type { Tandem } from '../tandem.ts';
import type { CorpusDocumentView, GradedText, RecordView } from './types.ts';

/** Absent and null do not restrict. */
export interface LineFilter {
  readonly key?: string | null;
  readonly keyIn?: readonly string[] | null;
  /** In any of the texts, in any case and any form of its characters. */
  readonly textContains?: string | null;
}

/** What the two lists differ in. */
interface Lines<Line, View> {
  readonly name: string;
  readonly all: (dataset: Dataset) => AsyncIterable<Line>;
  readonly at: (dataset: Dataset, numbers: readonly number[]) => Promise<Line[]>;
  readonly count: number;
  readonly texts: (line: Line) => readonly TextTriple[];
  readonly view: (line: Line) => View;
}

export const recordSource = (tandem: Tandem, row: DatasetRow, split: Split, filter: LineFilter): Source<RecordView> =>
  lineSource<StoredRecord, RecordView>(tandem, row, split, filter, {
    name: 'records',
    all: (dataset) => dataset.records(split),
    at: (dataset, numbers) => dataset.recordsAt(split, numbers),
    count: row.counts[split],
    texts: ({ query, positives, negatives }) => [query, ...positives, ...negatives],
    view: viewOf,
  });

export const documentSource = (
  tandem: Tandem,
  row: DatasetRow,
  split: Split,
  filter: LineFilter,
): Source<CorpusDocumentView> =>
  lineSource<StoredDocument, CorpusDocumentView>(tandem, row, split, filter, {
    name: 'documents',
    all: (dataset) => dataset.documents(split),
    at: (dataset, numbers) => dataset.documentsAt(split, numbers),
    count: row.documentCounts[split],
    texts: ({ text }) => [text],
    view: ({ id, splits, text }) => ({ key: id, splits, text }),
  });

function lineSource<Line extends { readonly id: string }, View>(
  { storage }: Tandem,
  { id, digest }: DatasetRow,
  split: Split,
  filter: LineFilter,
  { name, all, at, count, texts, view }: Lines<Line, View>,
): Source<View> {
  return numberedSource<View>([name, id, split, filter], async () => {
    const isRestricted = Object.values(filter).some((value) => value !== null && value !== undefined);
    const dataset = count === 0 && !isRestricted ? null : await openDataset(storage, digest);
    const matches = matcherOf(filter);
    const numbers: number[] = [];
    let number = 0;
    if (dataset && isRestricted) {
      for await (const line of all(dataset)) {
        if (matches(line.id, texts(line))) numbers.push(number);
        number++;
      }
    }
    return {
      length: isRestricted ? numbers.length : count,
      async rows(begin, end) {
        const wanted = isRestricted
          ? numbers.slice(begin, end)
          : Array.from({ length: end - begin }, (_, i) => begin + i);
        return dataset ? (await at(dataset, wanted)).map(view) : [];
      },
    };
  });
}

/** Texts are compared as the database compares them. */
const searchForm = (text: string): string => text.normalize('NFKC').toUpperCase();

function matcherOf({ key, keyIn, textContains }: LineFilter) {
  const keys = keyIn && new Set(keyIn);
  const part = typeof textContains === 'string' ? searchForm(textContains) : null;
  return (id: string, texts: readonly TextTriple[]): boolean =>
    (typeof key !== 'string' || id === key) &&
    (!keys || keys.has(id)) &&
    (part === null || texts.some(([, , text]) => searchForm(text).includes(part)));
}

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
