/** The file of `tandem add`: one document a line. Every fault is found before anything is sent. */
import { readFile } from 'node:fs/promises';
import type { DocumentInput } from '../client/index.ts';
import { badInput, type InputProblem } from '../errors.ts';
import { defaultLimits } from '../limits.ts';

const longestKey = 500;
const mostProblems = 10;
const newline = 0x0a;

interface Reading {
  /** The path as the caller gave it. */
  readonly file: string;
  /** Each line is a key, a tab and the text; else the key is the path and the number of the line. */
  readonly keyed: boolean;
}

/** The lines that are not blank, as documents. */
export async function readDocuments({ file, keyed }: Reading): Promise<readonly DocumentInput[]> {
  const bytes = await readFile(file).catch((cause: Error) => {
    throw badInput(`${file} cannot be read: ${cause.message}`, { field: 'file', expected: 'a UTF-8 text file' });
  });
  if (isUtf16(bytes)) throw wrongEncoding(`${file} is UTF-16 text`);
  const problems: InputProblem[] = [];
  const seen = new Map<string, number>();
  const documents = linesOf(file, bytes).flatMap((text, i) => {
    if (text.trim() === '') return [];
    const line = i + 1;
    const document = keyed ? splitKey(text) : { key: `${file}:${line}`, text };
    const message = document === null ? 'has no tab between key and text' : faultOf(document, seen);
    if (message !== null) problems.push({ file, line, message });
    if (document === null) return [];
    seen.set(document.key, line);
    return [document];
  });
  const [first] = problems;
  if (first === undefined) return documents;
  throw badInput(`${file}, line ${first.line} ${first.message}; nothing was added`, {
    field: 'file',
    expected: keyed ? 'UTF-8 text, a key, a tab and the text on each line' : 'UTF-8 text, one document a line',
    remedy: 'correct the lines and run the command again',
    problems: problems.slice(0, mostProblems),
  });
}

const isUtf16 = (bytes: Buffer): boolean =>
  bytes.length >= 2 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff));

const wrongEncoding = (message: string) =>
  badInput(message, {
    field: 'file',
    expected: 'UTF-8 text',
    remedy: 'convert it, for example with `iconv -t UTF-8`; nothing was added',
  });

/** A byte order mark is dropped; bytes that are not UTF-8 are refused instead of replaced. */
function linesOf(file: string, bytes: Buffer): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    return decoder.decode(bytes).split(/\r?\n/);
  } catch {
    throw wrongEncoding(`${file} is not UTF-8: line ${badLine(bytes)} has bytes of another encoding, such as Latin-1`);
  }
}

/** The number of the first line that is not UTF-8. */
function badLine(bytes: Buffer): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(newline, start);
    const stop = end < 0 ? bytes.length : end;
    try {
      decoder.decode(bytes.subarray(start, stop));
    } catch {
      return line;
    }
    start = stop + 1;
  }
  return line;
}

function splitKey(line: string): DocumentInput | null {
  const tab = line.indexOf('\t');
  return tab < 0 ? null : { key: line.slice(0, tab), text: line.slice(tab + 1) };
}

/** What the service would refuse, as the predicate of a sentence about the line. */
function faultOf({ key, text }: DocumentInput, seen: ReadonlyMap<string, number>): string | null {
  if (key.includes('\0') || text.includes('\0')) return 'has a NUL character (UTF-16 text has them too)';
  if (key === '') return 'has no key before its tab';
  if (key.length > longestKey) return `has a key of more than ${longestKey} characters`;
  if (text.trim() === '') return 'has no text';
  if (seen.has(key)) return `has the key of line ${seen.get(key)}`;
  if (text.length <= defaultLimits.textCodePoints) return null;
  const { length } = [...text];
  return length > defaultLimits.textCodePoints ? `has ${length} code points, more than a text may have` : null;
}
