/** Where the lines of a record file lie: per split the records, and the documents that its evaluation searches. */
import { type DatasetSummary, type Split, type StoredLine, splits } from './types.ts';

/** The files of a version. */
export const recordFiles = { records: 'records.jsonl', index: 'index.bin', summary: 'summary.json' } as const;

/** Offsets and lengths of lines, growing; offsets are exact up to 2^53. */
export class LineTable {
  #offsets: Float64Array;
  #bytes: Uint32Array;
  #length: number;

  constructor(offsets = new Float64Array(64), bytes = new Uint32Array(64), length = 0) {
    this.#offsets = offsets;
    this.#bytes = bytes;
    this.#length = length;
  }

  get length(): number {
    return this.#length;
  }

  offset = (line: number): number => this.#offsets[line]!;
  bytes = (line: number): number => this.#bytes[line]!;

  add(offset: number, bytes: number): void {
    if (this.#length === this.#bytes.length) {
      const offsets = new Float64Array(this.#length * 2);
      offsets.set(this.#offsets);
      const sizes = new Uint32Array(this.#length * 2);
      sizes.set(this.#bytes);
      [this.#offsets, this.#bytes] = [offsets, sizes];
    }
    this.#offsets[this.#length] = offset;
    this.#bytes[this.#length++] = bytes;
  }

  /** [offsets f64, bytes u32] as they are in memory. */
  parts(): Uint8Array[] {
    return [this.#offsets.subarray(0, this.#length), this.#bytes.subarray(0, this.#length)].map(
      (part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength),
    );
  }
}

export class LineIndex {
  readonly records: Record<Split, LineTable> = { train: new LineTable(), dev: new LineTable(), test: new LineTable() };
  readonly documents: Record<Split, LineTable> = {
    train: new LineTable(),
    dev: new LineTable(),
    test: new LineTable(),
  };

  add(line: StoredLine, { offset, bytes }: { offset: number; bytes: number }): void {
    if (line.kind === 'record') this.records[line.split].add(offset, bytes);
    else for (const split of line.splits) this.documents[split].add(offset, bytes);
  }

  tables(): LineTable[] {
    return [...splits.map((split) => this.records[split]), ...splits.map((split) => this.documents[split])];
  }
}

/** How many lines there are of each split. */
export const countsOf = (index: LineIndex): Pick<DatasetSummary, 'counts' | 'documentCounts'> => ({
  counts: perSplit((split) => index.records[split].length),
  documentCounts: perSplit((split) => index.documents[split].length),
});

const perSplit = <T>(make: (split: Split) => T): Record<Split, T> =>
  Object.fromEntries(splits.map((split) => [split, make(split)])) as Record<Split, T>;

const magic = 0x31584454; // "TDX1", little-endian
const headerBytes = 4 + 6 * 4;

/**
 * Magic, six counts (u32; records then documents, each train, dev, test), then per table its offsets (f64) and sizes
 * (u32).
 */
export function encodeIndex(index: LineIndex): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(magic, 0);
  for (const [number, table] of index.tables().entries()) header.writeUInt32LE(table.length, 4 + number * 4);
  return Buffer.concat([header, ...index.tables().flatMap((table) => table.parts())]);
}

/** Throws a RangeError if it is no whole index, or one of another record file, which has `fileBytes`. */
export function decodeIndex(buffer: Buffer, fileBytes: number): LineIndex {
  if (buffer.length < headerBytes || buffer.readUInt32LE(0) !== magic) throw new RangeError('it is no index');
  const index = new LineIndex();
  const lines = index.tables().reduce((sum, _, number) => sum + buffer.readUInt32LE(4 + number * 4), 0);
  if (buffer.length !== headerBytes + lines * 12) {
    throw new RangeError(`it has ${buffer.length} bytes, not ${headerBytes + lines * 12}`);
  }
  let at = headerBytes;
  index.tables().forEach((_, number) => {
    const count = buffer.readUInt32LE(4 + number * 4);
    const offsets = new Float64Array(copy(buffer, at, count * 8));
    const sizes = new Uint32Array(copy(buffer, at + count * 8, count * 4));
    at += count * 12;
    if (!offsets.every((offset, line) => isPlace(offset, sizes[line]!, fileBytes))) {
      throw new RangeError('it names lines outside of its record file');
    }
    const group = number < splits.length ? index.records : index.documents;
    group[splits[number % splits.length]!] = new LineTable(offsets, sizes, count);
  });
  return index;
}

const isPlace = (offset: number, bytes: number, fileBytes: number): boolean =>
  Number.isSafeInteger(offset) && offset >= 0 && offset + bytes <= fileBytes;

const copy = (buffer: Buffer, at: number, bytes: number): ArrayBuffer =>
  Uint8Array.from(buffer.subarray(at, at + bytes)).buffer;
