/**
 * Reads a text file line by line in constant memory: UTF-8 is checked, a byte order mark and CR before LF are dropped,
 * and every line knows its number and its place in the file. Refuses what is no text file at all.
 */
import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { badInput, TandemError } from '../errors.ts';
import { openForeign } from '../storage/foreign-file.ts';
import type { ImportNotes } from './problems.ts';

/** A longer line is refused before it fills the memory. */
export const lineByteLimit = 64 * 1024 * 1024;

export interface TextLine {
  /** Counts from 1. */
  readonly number: number;
  /** Without its line end. */
  readonly text: string;
  /** First byte of the line in the file (after a byte order mark). */
  readonly offset: number;
  /** Bytes of the line without its line end. */
  readonly bytes: number;
}

/** Reads lines; a line of invalid UTF-8 is noted as a problem and left out. */
export async function* readLines(path: string, notes: ImportNotes, signal?: AbortSignal): AsyncGenerator<TextLine> {
  const file = basename(path);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let number = 0;
  for await (const { bytes, offset } of rawLines(path, signal)) {
    number++;
    try {
      yield { number, text: decoder.decode(bytes), offset, bytes: bytes.length };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      notes.problem({ file, line: number, message: 'is not valid UTF-8' });
    }
  }
}

/** Refuses a folder, an empty file, and files that are clearly something else. */
export async function requireTextFile(path: string): Promise<void> {
  const file = basename(path);
  const kind = binaryKind(await readHead(path));
  if (kind === null) return;
  throw badInput(`${file} is ${kind}, not a text file`, {
    field: 'source.path',
    expected: 'UTF-8 text',
    remedy: 'Unpack or export it as plain text first.',
  });
}

const headBytes = 8192;

async function readHead(path: string): Promise<Buffer> {
  const file = basename(path);
  const handle = await openText(path);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    if (bytesRead > 0) return buffer.subarray(0, bytesRead);
    throw badInput(`${file} is empty`, { field: 'source.path', expected: 'at least one record' });
  } finally {
    await handle.close();
  }
}

/** Opens a file of a data set; what cannot be opened is no file. */
export async function openText(path: string): Promise<FileHandle> {
  const notPlain = () => badInput(`${basename(path)} is not a file`, { field: 'source.path', expected: 'a text file' });
  try {
    return await openForeign(path, notPlain);
  } catch (error) {
    throw error instanceof TandemError ? error : notPlain();
  }
}

const signatures: readonly [string, readonly number[]][] = [
  ['a gzip archive', [0x1f, 0x8b]],
  ['a zip archive or spreadsheet', [0x50, 0x4b, 0x03, 0x04]],
  ['a Parquet file', [0x50, 0x41, 0x52, 0x31]],
  ['a PDF', [0x25, 0x50, 0x44, 0x46]],
  ['UTF-16 text', [0xff, 0xfe]],
  ['UTF-16 text', [0xfe, 0xff]],
];

function binaryKind(head: Buffer): string | null {
  const known = signatures.find(([, bytes]) => bytes.every((byte, index) => head[index] === byte));
  if (known !== undefined) return known[0];
  return head.includes(0) ? 'a binary file' : null;
}

async function* rawLines(path: string, signal?: AbortSignal): AsyncGenerator<{ bytes: Buffer; offset: number }> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let offset = 0;
  const take = (last: Buffer) => {
    const whole = pending.length === 0 ? last : Buffer.concat([...pending, last]);
    pending = [];
    pendingBytes = 0;
    const mark = offset === 0 && whole.length >= 3 && whole.readUIntBE(0, 3) === 0xefbbbf ? 3 : 0;
    const end = whole.at(-1) === 0x0d ? whole.length - 1 : whole.length;
    const line = { bytes: whole.subarray(mark, Math.max(mark, end)), offset: offset + mark };
    offset += whole.length + 1;
    return line;
  };
  // The stream closes the file, however it ends.
  for await (const chunk of (await openText(path)).createReadStream({ highWaterMark: 1 << 18, signal })) {
    const buffer = chunk as Buffer;
    let begin = 0;
    for (let end = buffer.indexOf(10); end >= 0; end = buffer.indexOf(10, begin)) {
      yield take(buffer.subarray(begin, end));
      begin = end + 1;
    }
    pending.push(buffer.subarray(begin));
    pendingBytes += buffer.length - begin;
    if (pendingBytes > lineByteLimit) refuseLongLine(path);
  }
  if (pendingBytes > 0) yield take(Buffer.alloc(0));
}

function refuseLongLine(path: string): never {
  throw badInput(`${basename(path)} has a line of more than ${lineByteLimit / 2 ** 20} MiB`, {
    field: 'source.path',
    expected: 'one record per line',
    remedy: 'If the file is one JSON array, write one object per line instead.',
  });
}
