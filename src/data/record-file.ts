/**
 * A data set version on disk: records.jsonl (a header line, then records and documents), index.bin (where each line
 * lies), summary.json. Written once into a staged folder, read by threads in order and by the API page by page. The
 * digest of the record file is the version's identity; the header line carries the declared settings, so they are part
 * of it.
 */
import { createHash } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { invariant } from '../errors.ts';
import { damagedFile, isStoredObject, ownFileError, parseStored } from '../storage/damaged-file.ts';
import { type OwnFiles, readOwn } from '../storage/own-files.ts';
import type { ReadableFile } from '../storage/readable-file.ts';
import type { Storage } from '../storage/storage.ts';
import { countsOf, decodeIndex, encodeIndex, LineIndex, type LineTable, recordFiles } from './record-index.ts';
import { vouchForVersion } from './record-vouch.ts';
import {
  type DatasetSummary,
  type Split,
  type StoredDocument,
  type StoredLine,
  type StoredRecord,
  splits,
} from './types.ts';

const formatVersion = 1;

/** What is declared at import and kept with the version. */
export type DatasetSettings = Pick<DatasetSummary, 'task' | 'scale' | 'ignoreIdenticalIds'>;

export interface RecordFileWriter {
  write(line: StoredLine): Promise<void>;
  /** Writes index and summary; the folder is complete then. */
  finish(warnings: DatasetSummary['warnings']): Promise<DatasetSummary>;
  /** Gives the file back without finishing. */
  close(): Promise<void>;
}

/** Bytes gathered before a write. */
const writeChunk = 1 << 18;

/** Begins a version in a staged (empty) folder. */
export async function createRecordFile(folder: string, settings: DatasetSettings): Promise<RecordFileWriter> {
  const file = await open(join(folder, recordFiles.records), 'wx');
  const hash = createHash('sha256');
  const index = new LineIndex();
  let offset = 0;
  let pending: Buffer[] = [];
  let pendingBytes = 0;

  async function flush(): Promise<void> {
    const chunk = Buffer.concat(pending);
    pending = [];
    pendingBytes = 0;
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  async function append(value: unknown): Promise<{ offset: number; bytes: number }> {
    const line = Buffer.from(`${JSON.stringify(value)}\n`);
    const place = { offset, bytes: line.length - 1 };
    offset += line.length;
    pending.push(line);
    pendingBytes += line.length;
    if (pendingBytes >= writeChunk) await flush();
    return place;
  }

  await append({ kind: 'dataset', version: formatVersion, ...settings });
  return {
    async write(line) {
      index.add(line, await append(line));
    },
    async finish(warnings) {
      await flush();
      await file.close();
      const summary: DatasetSummary = {
        digest: hash.digest('hex'),
        ...settings,
        bytes: offset,
        ...countsOf(index),
        warnings,
      };
      await writeFile(join(folder, recordFiles.index), encodeIndex(index));
      await writeFile(join(folder, recordFiles.summary), `${JSON.stringify(summary, null, 2)}\n`);
      return summary;
    },
    close: () => file.close(),
  };
}

/** A published version. Holds no open file between calls. */
export interface Dataset {
  readonly summary: DatasetSummary;
  /** Record number i of a split; i from 0 below summary.counts[split]. */
  record(split: Split, i: number): Promise<StoredRecord>;
  /** Records of a split by their numbers, in the order asked for. */
  recordsAt(split: Split, numbers: readonly number[]): Promise<StoredRecord[]>;
  /** Documents of a split's corpus by their numbers in the file's order, in the order asked for. */
  documentsAt(split: Split, numbers: readonly number[]): Promise<StoredDocument[]>;
  /** All records of a split in order. */
  records(split: Split): AsyncIterable<StoredRecord>;
  /** The documents that IR evaluation of a split searches, in order. */
  documents(split: Split): AsyncIterable<StoredDocument>;
  /** Records offset .. offset + limit - 1 of a split; fewer at the end. */
  page(split: Split, offset: number, limit: number): Promise<StoredRecord[]>;
}

/** Lines read at once while iterating. */
const readAhead = 256;

/** Opens a version by its digest; refuses one that is damaged. */
export const openDataset = (storage: Storage, digest: string): Promise<Dataset> =>
  readOwn(storage, 'datasets', digest, openFolder, vouchForVersion);

async function openFolder(folder: string, files: OwnFiles): Promise<Dataset> {
  const path = join(folder, recordFiles.records);
  const summary = await readSummary(folder, files);
  const index = await readIndex(folder, files, summary);

  async function opened<T>(work: (file: ReadableFile) => Promise<T>): Promise<T> {
    const file = await files.open(recordFiles.records);
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  }
  const read = async <T extends StoredLine>(lines: LineTable, begin: number, end: number): Promise<T[]> =>
    begin >= end ? [] : opened((file) => readRange<T>(file, path, lines, { begin, end }));
  const at = <T extends StoredLine>(lines: LineTable, numbers: readonly number[]): Promise<T[]> =>
    opened(async (file) => {
      const found: T[] = [];
      for (const line of numbers) {
        invariant(line >= 0 && line < lines.length, `No line ${line} of ${lines.length}`);
        found.push(...(await readRange<T>(file, path, lines, { begin: line, end: line + 1 })));
      }
      return found;
    });
  async function* all<T extends StoredLine>(lines: LineTable): AsyncGenerator<T> {
    for (let begin = 0; begin < lines.length; begin += readAhead) {
      yield* await read<T>(lines, begin, Math.min(begin + readAhead, lines.length));
    }
  }
  return {
    summary,
    async record(split, i) {
      invariant(i >= 0 && i < index.records[split].length, `No record ${i} in split ${split}`);
      return (await read<StoredRecord>(index.records[split], i, i + 1))[0]!;
    },
    recordsAt: (split, numbers) => at<StoredRecord>(index.records[split], numbers),
    documentsAt: (split, numbers) => at<StoredDocument>(index.documents[split], numbers),
    records: (split) => all<StoredRecord>(index.records[split]),
    documents: (split) => all<StoredDocument>(index.documents[split]),
    page: (split, offset, limit) => {
      const lines = index.records[split];
      return read<StoredRecord>(lines, Math.max(0, offset), Math.min(offset + limit, lines.length));
    },
  };
}

/** One read where the lines lie together, one per line where they are scattered. */
async function readRange<T extends StoredLine>(
  file: ReadableFile,
  path: string,
  lines: LineTable,
  { begin, end }: { readonly begin: number; readonly end: number },
): Promise<T[]> {
  const last = end - 1;
  const from = lines.offset(begin);
  const span = lines.offset(last) + lines.bytes(last) - from;
  let wanted = 0;
  for (let line = begin; line < end; line++) wanted += lines.bytes(line);
  const together = span >= 0 && span <= 4 * wanted ? await readBytes(file, path, from, span) : null;
  const found: T[] = [];
  for (let line = begin; line < end; line++) {
    const at = lines.offset(line) - from;
    const bytes =
      together?.subarray(at, at + lines.bytes(line)) ??
      (await readBytes(file, path, lines.offset(line), lines.bytes(line)));
    found.push(parseLine<T>(path, bytes, lines.offset(line)));
  }
  return found;
}

const readBytes = (file: ReadableFile, path: string, position: number, length: number): Promise<Buffer> =>
  file.read(position, length, () => damagedFile('datasets', path, 'it ends too early'));

function parseLine<T extends StoredLine>(path: string, bytes: Buffer, offset: number): T {
  try {
    const line = JSON.parse(bytes.toString('utf8')) as T | null;
    if (line?.kind === 'record' || line?.kind === 'document') return line;
  } catch {
    // Said below, together with a line of another shape.
  }
  throw damagedFile('datasets', path, `the line at byte ${offset} is none that the import wrote`);
}

async function readIndex(folder: string, files: OwnFiles, summary: DatasetSummary): Promise<LineIndex> {
  const { counts, documentCounts, bytes } = summary;
  try {
    const index = decodeIndex(await files.read(recordFiles.index), bytes);
    for (const split of splits) {
      if (index.records[split].length !== counts[split] || index.documents[split].length !== documentCounts[split]) {
        throw new RangeError('it counts other records than the summary');
      }
    }
    return index;
  } catch (error) {
    throw ownFileError('datasets', join(folder, recordFiles.index), error);
  }
}

async function readSummary(folder: string, files: OwnFiles): Promise<DatasetSummary> {
  const path = join(folder, recordFiles.summary);
  const text = await files.read(recordFiles.summary);
  const summary = parseStored('datasets', path, text.toString('utf8'));
  if (isSummary(summary)) return summary;
  throw damagedFile('datasets', path, 'it is no summary of a data set');
}

/** Of what reading needs; the rest is as the import wrote it. */
const isSummary = (value: unknown): value is DatasetSummary =>
  isStoredObject(value) &&
  typeof value['bytes'] === 'number' &&
  [value['counts'], value['documentCounts']].every(
    (counts) => isStoredObject(counts) && splits.every((split) => Number.isSafeInteger(counts[split])),
  );
