/** Checks that the readers of config.json share. They throw for what a forward pass would not honour. */

import { integerField, type JsonFile, positiveField, wrongField } from '../../json-fields.ts';
import { largestHeadSize, sizeRanges } from '../catalog.ts';

/** A size within its range: what follows from a larger one would never end, or never fit. */
export function sizeField(file: JsonFile, name: string, size: keyof typeof sizeRanges, fallback?: number): number {
  const { min, max } = sizeRanges[size];
  const value = integerField(file, name, 0, fallback);
  if (value >= min && value <= max) return value;
  throw wrongField(file.path, name, value, `a whole number from ${min} to ${max}`);
}

/** A norm's epsilon, between 0 and 1. */
export function epsilonField(file: JsonFile, name: string, fallback: number): number {
  const value = positiveField(file, name, fallback);
  if (value >= 1) throw wrongField(file.path, name, value, 'a number between 0 and 1');
  return value;
}

/** Throws for weights that are stored quantised. */
export function refuseQuantized({ path, fields }: JsonFile): void {
  const value = fields['quantization_config'] ?? null;
  if (value !== null) throw wrongField(path, 'quantization_config', value, 'no quantised weights');
}

/** Throws for a number of heads that does not divide `width`, and for heads larger than any kernel computes. */
export function checkHeads({ path }: JsonFile, heads: number, width: number): void {
  if (width % heads !== 0) throw wrongField(path, 'num_attention_heads', heads, `a divisor of hidden_size, ${width}`);
  if (width / heads <= largestHeadSize) return;
  const expected = `at least ${Math.ceil(width / largestHeadSize)}: a head has at most ${largestHeadSize} channels`;
  throw wrongField(path, 'num_attention_heads', heads, expected);
}

/** Throws for an odd head size: rotary angles turn channels in pairs. `name` is the field that sets the size. */
export function checkRotary({ path, fields }: JsonFile, name: string, size: number): void {
  if (size % 2 === 0) return;
  throw wrongField(path, name, fields[name], `heads with an even number of channels, not ${size}`);
}
