/** JSON files of a model folder on disk. Their fields are read by model/json-fields.ts. */
import { readFile, writeFile } from 'node:fs/promises';
import { badInput, type TandemError } from '../errors.ts';
import { isObject, type JsonFile } from '../model/json-fields.ts';

/** Reads an object; undefined if the file does not exist. */
export async function readJsonIfPresent(path: string): Promise<JsonFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw wrongFile(path, (error as Error).message);
  }
  const fields = parseObject(path, text);
  return { path, fields };
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
