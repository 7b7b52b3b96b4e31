/** JSON files of a model folder on disk. Their fields are read by model/json-fields.ts. */
import { writeFile } from 'node:fs/promises';
import { badInput, TandemError } from '../errors.ts';
import { isObject, type JsonFile } from '../model/json-fields.ts';
import { openReadable } from '../storage/readable-file.ts';

/** The longest settings of a published model have a few megabytes: lists of added tokens, indexes of shards. */
const mostBytes = 32 * 2 ** 20;

/** Reads an object; undefined if the file does not exist. */
export async function readJsonIfPresent(path: string): Promise<JsonFile | undefined> {
  const text = await readTextIfPresent(path);
  return text === undefined ? undefined : { path, fields: parseObject(path, text) };
}

/** Text of a file of a model folder; undefined if it does not exist. A longer one is refused before it is read. */
export async function readTextIfPresent(path: string, longest = mostBytes): Promise<string | undefined> {
  try {
    const file = await openReadable(path, () => wrongFile(path, 'it is no file'));
    try {
      const { size } = file;
      if (size > longest) throw wrongFile(path, `it has ${size} bytes, more than ${longest}`);
      const bytes = await file.read(0, size, (end) => wrongFile(path, `it ends at byte ${end}`));
      return bytes.toString('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error instanceof TandemError ? error : wrongFile(path, (error as Error).message);
  }
}

/** Reads an object; a missing file is an error. */
export async function readJson(path: string): Promise<JsonFile> {
  const file = await readJsonIfPresent(path);
  if (!file) throw wrongFile(path, 'the file is missing');
  return file;
}

/** Parses an object. */
export function parseObject(path: string, text: string): Readonly<Record<string, unknown>> {
  const value = parseJson(path, text);
  if (!isObject(value)) throw wrongFile(path, 'it holds no JSON object');
  return value;
}

export function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw wrongFile(path, (error as Error).message);
  }
}

export const wrongFile = (path: string, reason: string): TandemError =>
  badInput(`${path}: ${reason}`, { field: path, remedy: 'Give the folder of a whole model.' });

export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFile(path, `${JSON.stringify(value, undefined, 2)}\n`);
