/** What every importer is given and what it yields. An importer reports problems to `notes` and yields only what is right. */
import type { ImportNotes } from '../problems.ts';
import type { RecordLimits } from '../record-codec.ts';
import type { DataRecord, Split, StoredDocument } from '../types.ts';

export interface ImportContext {
  /** File or folder to read. */
  readonly path: string;
  readonly options: ImporterOptions;
  readonly scale: readonly [low: number, high: number];
  readonly limits: RecordLimits;
  readonly notes: ImportNotes;
  readonly signal: AbortSignal | undefined;
  /** Called per input line. */
  readonly onLine: () => void;
}

/** Values of the catalog row's parameters, checked and complete. */
type ImporterOptions = Readonly<Record<string, number | string | boolean>>;

export interface ImportedRecord {
  readonly kind: 'record';
  readonly split: Split;
  readonly id: string;
  readonly record: DataRecord;
  /** IR: ids of the documents that the positives are; absent = the passages themselves are the documents. */
  readonly positiveDocuments?: readonly string[];
}

export type Imported = ImportedRecord | StoredDocument;

export type Importer = (context: ImportContext) => AsyncIterable<Imported>;
