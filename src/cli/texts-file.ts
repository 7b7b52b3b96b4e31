/** The file of `--texts`: a JSON array of strings, which are not trimmed or normalised. */
import { readFile } from 'node:fs/promises';
import { badInput } from '../errors.ts';

export async function readTexts(path: string): Promise<readonly string[]> {
  const wrong = (message: string) =>
    badInput(`${path} ${message}`, { field: '--texts', expected: 'a JSON file with an array of strings' });
  const bytes = await readFile(path).catch((cause: Error) => {
    throw wrong(`cannot be read: ${cause.message}`);
  });
  const values = parse(bytes, wrong);
  if (!Array.isArray(values)) throw wrong('holds no array');
  const at = values.findIndex((value) => typeof value !== 'string');
  if (at >= 0) throw wrong(`holds ${JSON.stringify(values[at])?.slice(0, 60)} at place ${at}, which is no string`);
  return values as string[];
}

/** Refuses bytes that are not UTF-8 instead of replacing them. */
function parse(bytes: Uint8Array, wrong: (message: string) => Error): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw wrong(`is no JSON: ${(error as Error).message}`);
  }
}

/**
 * Requests that a software adapter answers within a minute each: at most `most` texts and `units` UTF-16 units, in
 * order, none empty. A longer text is in a request of its own.
 */
export function piecesOf(texts: readonly string[], { most = 256, units = 20_000 } = {}): string[][] {
  const pieces: string[][] = [];
  let room = 0;
  for (const text of texts) {
    const last = pieces.at(-1);
    if (last && last.length < most && text.length <= room) {
      last.push(text);
      room -= text.length;
    } else {
      pieces.push([text]);
      room = units - text.length;
    }
  }
  return pieces;
}
