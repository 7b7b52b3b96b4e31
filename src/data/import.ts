/**
 * Imports a data set: reads it through its importer, checks every record, writes one immutable version into storage.
 * Runs on the CPU thread. A refused import leaves nothing behind. The path is not checked here: the caller has confined
 * it.
 */

import { readParameters, rowOf } from '../catalog-parameters.ts';
import { badInput } from '../errors.ts';
import { defaultLimits } from '../limits.ts';
import type { Storage } from '../storage/storage.ts';
import { HashIndex, textId } from './hash-index.ts';
import { importerCatalog } from './importers/catalog.ts';
import type { ImportContext, Imported, ImportedRecord } from './importers/importer.ts';
import { importers } from './importers/index.ts';
import { ImportNotes } from './problems.ts';
import { noGrade, type RecordLimits, warnings } from './record-codec.ts';
import { createRecordFile, type DatasetSettings, type RecordFileWriter } from './record-file.ts';
import { readSample } from './sample/index.ts';
import type { DatasetSummary, ImportRequest, TextTriple } from './types.ts';

export interface ImportHooks {
  /** Lines read so far; called now and then. */
  readonly onLines?: (lines: number) => void;
  readonly signal?: AbortSignal;
  readonly limits?: RecordLimits;
}

/** Lines between two calls of onLines. */
const reportEvery = 1000;

/**
 * Imports and publishes. Returns the summary of the version, which is an existing one if equal content was imported
 * before.
 */
export async function importDataset(
  storage: Storage,
  input: ImportRequest,
  hooks: ImportHooks = {},
): Promise<DatasetSummary> {
  const staged = await storage.stage();
  try {
    const summary = await writeVersion(staged, input, hooks);
    await storage.publish('datasets', staged, { name: summary.digest });
    return summary;
  } catch (error) {
    await storage.discard(staged);
    throw error;
  }
}

async function writeVersion(folder: string, input: ImportRequest, hooks: ImportHooks): Promise<DatasetSummary> {
  const notes = new ImportNotes();
  const settings = { scale: readScale(input.scale), ignoreIdenticalIds: input.options['ignoreIdenticalIds'] === true };
  let version: VersionWriter | null = null;
  try {
    for await (const item of readSource(input, notes, hooks)) {
      version ??= new VersionWriter(await createRecordFile(folder, { ...settings, task: taskOf(item) }), notes);
      await version.add(item);
    }
    notes.throwIfAny();
    if (version === null || version.records === 0) throw noRecords();
    return await version.finish();
  } catch (error) {
    await version?.close();
    throw error;
  }
}

/** Documents come first only from importers of retrieval data. */
const taskOf = (item: Imported): DatasetSettings['task'] => (item.kind === 'document' ? 'ir' : item.record.task);

function readSource(input: ImportRequest, notes: ImportNotes, hooks: ImportHooks): AsyncIterable<Imported> {
  const limits = hooks.limits ?? defaultLimits;
  let lines = 0;
  const onLine = () => {
    hooks.signal?.throwIfAborted();
    if (++lines % reportEvery === 0) hooks.onLines?.(lines);
  };
  const common = { scale: input.scale, limits, notes, signal: hooks.signal, onLine };
  if (input.source.kind === 'sample') return readSample(input.source, common);
  const row = rowOf(importerCatalog, input.importer, 'importer');
  const options = readParameters(row, input.options, 'options');
  // The compiler cannot pair a name with its own options; the record of importers does.
  const read: (context: ImportContext<never>) => AsyncIterable<Imported> = importers[row.name];
  return read({ ...common, path: input.source.path, options: options as never });
}

function readScale(scale: readonly [number, number]): readonly [number, number] {
  const [low, high] = scale;
  if (Number.isFinite(low) && Number.isFinite(high) && low < high) return [low, high];
  throw badInput(`The scale is [${low}, ${high}]`, {
    field: 'scale',
    expected: 'two numbers, the lowest and the highest grade, for example [0, 5]',
  });
}

const noRecords = () =>
  badInput('The import holds no records', {
    field: 'source',
    expected: 'at least one record',
    remedy: 'Check that the file is complete and that the importer fits its format.',
  });

/** Writes records, and for retrieval data without a corpus its distinct passages as documents of their split. */
class VersionWriter {
  records = 0;
  readonly #file: RecordFileWriter;
  readonly #notes: ImportNotes;
  readonly #passages = new HashIndex();

  constructor(file: RecordFileWriter, notes: ImportNotes) {
    this.#file = file;
    this.#notes = notes;
  }

  async add(item: Imported): Promise<void> {
    if (item.kind === 'document') return this.#file.write(item);
    this.records++;
    const { split, id, record, absentScores = [] } = item;
    const absent = absentScores.length === 0 ? {} : { absentScores };
    if (record.task === 'sts' && record.positiveScores[0] === noGrade) this.#notes.warn(warnings.stsUngraded);
    await this.#file.write({
      kind: 'record',
      split,
      id,
      positiveDocuments: positiveDocuments(item),
      ...absent,
      ...record,
    });
    if (record.task === 'ir' && item.positiveDocuments === undefined) await this.#addPassages(item);
  }

  async #addPassages({ split, record }: ImportedRecord): Promise<void> {
    for (const text of [...record.positives, ...record.negatives]) {
      if (!this.#passages.add(split, ...text).isNew) continue;
      await this.#file.write({ kind: 'document', splits: [split], id: passageId(text), text });
    }
  }

  finish = () => this.#file.finish(this.#notes.warnings);
  close = () => this.#file.close();
}

const passageId = (text: TextTriple): string => textId(...text);

function positiveDocuments({ record, positiveDocuments }: ImportedRecord): readonly string[] {
  return record.task === 'sts' ? [] : (positiveDocuments ?? record.positives.map(passageId));
}
