/** Turns the words of a command line into values, and refuses what is none. */
import { InvalidArgumentError } from 'commander';
import { splits } from '../data/types.ts';

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('expected a whole number from 0.');
  return value;
}

export function realNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('expected a number.');
  return value;
}

/** `train`, `dev` or `test`, as the API's enum. */
export function splitName(text: string): 'TRAIN' | 'DEV' | 'TEST' {
  if (!splits.some((split) => split === text)) throw new InvalidArgumentError('expected train, dev or test.');
  return text.toUpperCase() as 'TRAIN' | 'DEV' | 'TEST';
}

/** A catalog name such as `delta-guided`, as the API's enum value. */
export const enumName = (text: string): string => text.replaceAll('-', '_').toUpperCase();

/** For options that may be repeated. */
export const collect = (text: string, before: readonly string[] = []): string[] => [...before, text];

/** `name:2.5` -> the name and its weight (1 where there is none). */
export function weighted(text: string): { readonly name: string; readonly weight: number } {
  const at = text.lastIndexOf(':');
  if (at < 0) return { name: text, weight: 1 };
  return { name: text.slice(0, at), weight: realNumber(text.slice(at + 1)) };
}
