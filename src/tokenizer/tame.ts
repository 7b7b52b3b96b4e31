/**
 * Whether a tokenizer.json can be trusted with any text: the native library ends its process when a regular expression
 * of the file backtracks too often, and when a character map points outside itself. Known to be safe are the patterns
 * of published models, which test/tokenizer/tame.test.ts tries on long hostile texts, and everything without a pattern.
 */
import { createHash } from 'node:crypto';
import { runPattern } from './runs.ts';

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const blanks = String.raw`\s*[\r\n]+|\s+(?!\S)|\s+`;
const marks = String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const small = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;

/** Regular expressions of published models, as they stand in tokenizer.json. */
export const knownPatterns: readonly string[] = [
  // Of models made here.
  runPattern,
  // GPT-2, RoBERTa.
  String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`,
  // GPT-4 and Llama 3.
  String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|${blanks}`,
  // Qwen 2 and 3.
  String.raw`${contractions}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|${blanks}`,
  // GPT-4o.
  String.raw`${marks}*${small}+${contractions}?|${marks}+${small}*${contractions}?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${blanks}`,
  // Mistral's Tekken.
  String.raw`${marks}*${small}+|${marks}+${small}*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|${blanks}`,
  // SentencePiece models converted by transformers, and digits.
  ' {2,}',
  String.raw`\p{N}{1,3}`,
  String.raw`\p{N}`,
  String.raw`\s+`,
];

/** sha256 of the character maps of published models: SentencePiece's nmt_nfkc. */
const knownMaps: ReadonlySet<unknown> = new Set(['22342cc048ea558ae308e80926aa93616b88653ddf6f2bb26e3cf24eae8972b8']);

/** False for a file that cannot be read too: it is opened elsewhere, and that reports why. */
export function isTame(json: string): boolean {
  try {
    const { normalizer, pre_tokenizer } = JSON.parse(json) as Readonly<Record<string, unknown>>;
    // Decoders are never used, and post-processors do the same to every text.
    return isTamePart(normalizer) && isTamePart(pre_tokenizer);
  } catch {
    return false;
  }
}

function isTamePart(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return true;
  if (Array.isArray(part)) return part.every(isTamePart);
  return Object.entries(part).every(([name, value]) => {
    if (name === 'Regex') return knownPatterns.includes(value as string);
    if (name === 'precompiled_charsmap') return isKnownMap(value);
    return isTamePart(value);
  });
}

const isKnownMap = (map: unknown): boolean =>
  typeof map === 'string' && knownMaps.has(createHash('sha256').update(map).digest('hex'));
