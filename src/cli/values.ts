/** Parsers of option values for commander; each throws InvalidArgumentError. */
import { InvalidArgumentError } from 'commander';
import { splits } from '../data/types.ts';
import { beginsWithDay } from '../days.ts';

/** `256,128:0.5` -> dimensions with their weights, 1 where none is given. */
export const matryoshkaLevels = (text: string): { readonly dimension: number; readonly weight: number }[] =>
  text.split(',').map((part) => {
    const { name, weight } = weighted(part);
    return { dimension: wholeNumber(name), weight };
  });

/** `256,128` -> whole numbers. */
export const wholeNumbers = (text: string): number[] => text.split(',').map(wholeNumber);

/** An integer of either sign. */
export function whole(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value)) throw new InvalidArgumentError('expected a whole number.');
  return value;
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('expected a whole number from 0.');
  return value;
}

export function realNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number.');
  return value;
}

/** `0.7,0.3` -> numbers. */
export const realNumbers = (text: string): number[] => text.split(',').map(realNumber);

/** One of the names, also as the API and the tables write it: IMPORT_DATASET for import-dataset. */
export const nameIn =
  (names: readonly string[]) =>
  (text: string): string => {
    const name = text.toLowerCase().replaceAll('_', '-');
    if (names.includes(name)) return name;
    throw new InvalidArgumentError(`expected one of ${names.join(', ')}.`);
  };

/** A port of this machine; 0 = a free one. */
export function port(text: string): number {
  const value = wholeNumber(text);
  if (value > 65_535) throw new InvalidArgumentError('expected a port number from 0 to 65535.');
  return value;
}

/** `train`, `dev` or `test`, as the API's enum. */
export function splitName(text: string): 'TRAIN' | 'DEV' | 'TEST' {
  if (!splits.some((split) => split === text)) throw new InvalidArgumentError('expected train, dev or test.');
  return text.toUpperCase() as 'TRAIN' | 'DEV' | 'TEST';
}

const dayMs = 86_400_000;

/** `90d` from now, a date, which is its beginning in UTC, or a time, as a time of the API. */
export function timeIn(text: string): string {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  const time = days === undefined ? Date.parse(beginsWithDay(text) ? text : '') : Date.now() + Number(days) * dayMs;
  if (Number.isNaN(time)) throw new InvalidArgumentError('expected a date (2027-01-31), a time, or days (90d).');
  return new Date(time).toISOString();
}

/** Collects the values of an option that may be repeated. */
export const collect = (text: string, before: readonly string[] = []): string[] => [...before, text];

/** `name:dev` -> the name and the split. Without a split after the last colon the whole text is the name. */
export function withSplit(text: string): { readonly name: string; readonly split?: 'TRAIN' | 'DEV' | 'TEST' } {
  const [, name, split] = /^(.+):(train|dev|test)$/.exec(text) ?? [];
  return name === undefined ? { name: text } : { name, split: splitName(split) };
}

/**
 * `name:2.5` -> the name and its weight. Without a number after the last colon the whole text is the name, its weight
 * 1.
 */
export function weighted(text: string): { readonly name: string; readonly weight: number } {
  const [, name, weight] = /^(.+):(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  return name === undefined ? { name: text, weight: 1 } : { name, weight: Number(weight) };
}
