/** Readers of the fields of a JSON object, with errors that name the file and the field. */
import { badInput, type TandemError } from '../errors.ts';

/** An object of a JSON file together with the path that errors name. */
export interface JsonFile {
  readonly path: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A whole number of at least `min`; `fallback` where the field is absent or null. */
export function integerField({ path, fields }: JsonFile, name: string, min = 1, fallback?: number): number {
  const value = fields[name] ?? fallback;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
    throw wrongField(path, name, value, `a whole number of at least ${min}`);
  }
  return value;
}

/** A finite number above 0; `fallback` where the field is absent or null. */
export function positiveField({ path, fields }: JsonFile, name: string, fallback?: number): number {
  const value = fields[name] ?? fallback;
  if (typeof value !== 'number' || !(value > 0 && value < Number.POSITIVE_INFINITY)) {
    throw wrongField(path, name, value, 'a number above 0');
  }
  return value;
}

/** True or false; `fallback` where the field is absent or null. */
export function booleanField({ path, fields }: JsonFile, name: string, fallback: boolean): boolean {
  const value = fields[name] ?? fallback;
  if (typeof value !== 'boolean') throw wrongField(path, name, value, 'true or false');
  return value;
}

/** Throws unless the field is one of the given values; the first stands for an absent field. */
export function choiceField({ path, fields }: JsonFile, name: string, choices: readonly unknown[]): void {
  const value = fields[name] ?? choices[0];
  if (!choices.includes(value)) throw wrongField(path, name, value, choices.map((x) => JSON.stringify(x)).join(' or '));
}

/** Throws for a field that is not among the known ones: what it would change is not known. */
export function onlyFields({ path, fields }: JsonFile, known: readonly string[]): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw wrongField(path, unknown, fields[unknown], `no field but ${known.join(', ')}`);
}

export const wrongField = (path: string, name: string, value: unknown, expected: string): TandemError =>
  badInput(`${path}: ${shortened(name)} is ${shortened(JSON.stringify(value) ?? 'missing')}`, {
    field: shortened(name),
    expected,
  });

/** Characters of a file's own text that an error quotes. */
const mostQuoted = 300;

/** What another program wrote, as an error quotes it: it may be megabytes long. */
export const shortened = (text: string): string =>
  text.length > mostQuoted ? `${text.slice(0, mostQuoted)}...` : text;
