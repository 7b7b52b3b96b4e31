/**
 * What every importer is given and what it yields. An importer reports problems to `notes` and yields only what is
 * right.
 */
import type { ParametersOf, RowOf } from '../../catalog-parameters.ts';
import type { ImportNotes } from '../problems.ts';
import type { RecordLimits } from '../record-codec.ts';
import type { DataRecord, Split, StoredDocument } from '../types.ts';
import type { ImporterName, importerCatalog } from './catalog.ts';

/** `Options` are the parameters of the importer's catalog row, complete. */
export interface ImportContext<Options = unknown> {
  /** File or folder to read. */
  readonly path: string;
  readonly options: Options;
  readonly scale: readonly [low: number, high: number];
  readonly limits: RecordLimits;
  readonly notes: ImportNotes;
  readonly signal: AbortSignal | undefined;
  /** Called per input line. */
  readonly onLine: () => void;
}

export interface ImportedRecord {
  readonly kind: 'record';
  readonly split: Split;
  readonly id: string;
  readonly record: DataRecord;
  /** IR: ids of the documents that the positives are; absent = the passages themselves are the documents. */
  readonly positiveDocuments?: readonly string[];
  /** IR: grades of relevant documents that the corpus lacks; absent = none. */
  readonly absentScores?: readonly number[];
}

export type Imported = ImportedRecord | StoredDocument;

/** An importer by its name: it reads the parameters of its own catalog row. */
export type Importer<Name extends ImporterName> = (
  context: ImportContext<ImporterOptions<Name>>,
) => AsyncIterable<Imported>;

export type ImporterOptions<Name extends ImporterName> = ParametersOf<RowOf<typeof importerCatalog, Name>>;
