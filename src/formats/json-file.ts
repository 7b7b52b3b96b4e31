/** JSON files of a model folder, read with errors that name the file and the field. */
import { readFile, writeFile } from 'node:fs/promises';
import { badInput, type TandemError } from '../errors.ts';

/** An object of a JSON file that knows where it came from. */
export interface JsonFile {
  readonly path: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Reads an object; undefined if the file is not there. */
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

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A whole number of at least `min`; `fallback` where the field is absent. */
export function integerField({ path, fields }: JsonFile, name: string, min = 1, fallback?: number): number {
  const value = fields[name] ?? fallback;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
    throw wrongField(path, name, value, `a whole number of at least ${min}`);
  }
  return value;
}

/** Refuses a field that is not among the known ones: nobody can tell what it would change. */
export function onlyFields({ path, fields }: JsonFile, known: readonly string[]): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw wrongField(path, unknown, fields[unknown], `no field but ${known.join(', ')}`);
}

/** One of the given values; the first stands for an absent field. */
export function choiceField({ path, fields }: JsonFile, name: string, choices: readonly unknown[]): void {
  const value = fields[name] ?? choices[0];
  if (!choices.includes(value)) throw wrongField(path, name, value, choices.map((x) => JSON.stringify(x)).join(' or '));
}

export const wrongFile = (path: string, reason: string): TandemError =>
  badInput(`${path}: ${reason}`, { field: path, remedy: 'Give the folder of a whole model.' });

export const wrongField = (path: string, name: string, value: unknown, expected: string): TandemError =>
  badInput(`${path}: ${name} is ${JSON.stringify(value) ?? 'missing'}`, { field: name, expected });

export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFile(path, `${JSON.stringify(value, undefined, 2)}\n`);
