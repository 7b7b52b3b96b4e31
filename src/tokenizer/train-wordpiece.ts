/**
 * Trains a WordPiece vocabulary on texts and returns it as the object of a standard tokenizer.json. The native binding
 * normalises texts and splits them into words, as it does when encoding; runs of scripts without spaces are counted in
 * the words that ICU finds, so that pieces do not grow over them. The same texts give the same vocabulary, where there
 * are such runs by the same version of ICU.
 */
import native from '@anush008/tokenizers';
import { badInput } from '../errors.ts';
import { type CountedWord, mergePairs } from './pair-merges.ts';
import { lettersBeside, prefix, takeRuns } from './runs.ts';
import { specialTokens, type TextTraits, wordPieceTokenizer } from './wordpiece-json.ts';

export type TokenizerJson = ReturnType<typeof wordPieceTokenizer>;

/** WordPiece's max_input_chars_per_word: a longer word becomes [UNK]. */
const longestWord = 100;
/** Longest text in one call of the binding; longer texts are split at a space. Bounds the memory of a call. */
const pieceLength = 100_000;

/** Smallest valid size: the special tokens and one character. */
export const smallestVocabulary = specialTokens.length + 1;

/**
 * At most `size` tokens, special ones included; fewer if the texts have no more pieces. If there is no room for every
 * character, the rarest are left out and become [UNK].
 */
export async function trainWordPiece(
  texts: AsyncIterable<string> | Iterable<string>,
  size: number,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<TokenizerJson> {
  if (!Number.isSafeInteger(size) || size < smallestVocabulary) {
    throw badInput(`A vocabulary of ${size} tokens is too small`, {
      field: 'vocabularySize',
      expected: `a whole number of at least ${smallestVocabulary}`,
    });
  }
  const { counts, traits } = await countWords(texts, signal);
  const pieces = new Pieces(specialTokens);
  const alphabet = chooseAlphabet(counts, traits, size - specialTokens.length);
  for (const piece of alphabet) pieces.add(piece);
  const words = spell(counts, pieces, new Set(alphabet));
  await mergePairs(words, size - pieces.size, (left, right) => pieces.join(left, right), signal);
  return wordPieceTokenizer(pieces.vocabulary(), traits);
}

/** Tokens by number and by text. */
class Pieces {
  readonly #texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(first: readonly string[]) {
    for (const text of first) this.add(text);
  }

  get size(): number {
    return this.#texts.length;
  }

  add(text: string): number {
    const number = this.#texts.push(text) - 1;
    this.#numbers.set(text, number);
    return number;
  }

  number(text: string): number | undefined {
    return this.#numbers.get(text);
  }

  join(left: number, right: number): { symbol: number; isNew: boolean } {
    const text = this.#texts[left] + this.#texts[right].slice(prefix.length);
    const known = this.#numbers.get(text);
    return known === undefined ? { symbol: this.add(text), isNew: true } : { symbol: known, isNew: false };
  }

  vocabulary(): Record<string, number> {
    return Object.fromEntries(this.#numbers);
  }
}

interface CountedTexts {
  /** Occurrences of every word after normalising and splitting; one inside a run has the prefix. */
  readonly counts: ReadonlyMap<string, number>;
  readonly traits: TextTraits;
}

async function countWords(
  texts: AsyncIterable<string> | Iterable<string>,
  signal: AbortSignal | undefined,
): Promise<CountedTexts> {
  const options = { lowercase: true, cleanText: true, handleChineseChars: true, stripAccents: false };
  const normalizer = native.bertNormalizer(options);
  const cutter = native.bertPreTokenizer();
  const counts = new Map<string, number>();
  const add = (word: string): unknown => counts.set(word, (counts.get(word) ?? 0) + 1);
  const traits = { marks: false, runs: false };
  for await (const text of texts) {
    signal?.throwIfAborted();
    const composed = text.normalize('NFC');
    traits.marks ||= hasMarks(text, composed);
    for (const piece of pieces(composed)) {
      const { rest, words } = takeRuns(piece);
      traits.runs ||= words.length > 0;
      words.forEach(add);
      for (const [word] of cutter.preTokenizeString(normalizer.normalizeString(rest))) {
        if (codePoints(word) <= longestWord) add(word);
      }
    }
  }
  return { counts, traits };
}

/** Whether stripping accents, or composing them, would change the text. */
const hasMarks = (text: string, composed: string): boolean =>
  text !== composed || text !== text.normalize('NFD') || /\p{Mn}/u.test(text);

/** Number of code points of a word; less than its length only with astral ones. */
const codePoints = (word: string): number => (word.length <= longestWord ? word.length : [...word].length);

/** The text in pieces of bounded length, split at spaces where there are any. */
function* pieces(text: string): Generator<string> {
  for (let begin = 0; begin < text.length; ) {
    // Slice first: a search in the whole text would run to its end if there is no space.
    const piece = text.slice(begin, begin + pieceLength);
    const end = begin + (begin + pieceLength < text.length ? cutOf(piece) : piece.length);
    yield text.slice(begin, end);
    begin = end;
  }
}

/** End of a full piece: before its last space, or else its own end, but never inside a surrogate pair. */
function cutOf(piece: string): number {
  const space = piece.lastIndexOf(' ');
  if (space > 0) return space;
  const last = piece.charCodeAt(piece.length - 1);
  return last >= 0xd800 && last < 0xdc00 ? piece.length - 1 : piece.length;
}

/** A word's initial pieces: all but its first character are marked as continuing; inside a run that one is too. */
function characters(word: string): string[] {
  const isInside = isContinuing(word);
  return [...(isInside ? word.slice(prefix.length) : word)].map((char, i) =>
    i === 0 && !isInside ? char : prefix + char,
  );
}

/**
 * The most frequent characters that fit, in code-point order; beginning forms before continuing ones. Every character
 * has a beginning form, even if it occurs only inside words: another text may begin a word with it.
 */
function chooseAlphabet(counts: ReadonlyMap<string, number>, { marks, runs }: TextTraits, room: number): string[] {
  const frequency = new Map<string, number>();
  const add = (piece: string, count: number): unknown => frequency.set(piece, (frequency.get(piece) ?? 0) + count);
  for (const [word, count] of counts) {
    for (const piece of characters(word)) {
      add(piece, count);
      if (isContinuing(piece)) add(piece.slice(prefix.length), count);
    }
  }
  const byFrequency = [...frequency].sort(([a, n], [b, m]) => m - n || compare(a, b));
  const seen = byFrequency.slice(0, room).map(([char]) => char);
  const unseen = marks || runs ? unseenForms(frequency, Math.floor(room / 2) - seen.length) : [];
  return [...seen, ...unseen].sort((a, b) => Number(isContinuing(a)) - Number(isContinuing(b)) || compare(a, b));
}

/** What other texts may hold besides the seen pieces, up to `room`: continuing forms of seen letters first. */
function unseenForms(seen: ReadonlyMap<string, number>, room: number): string[] {
  if (room <= 0) return [];
  const letters = lettersBeside([...seen.keys()].filter((piece) => !isContinuing(piece)));
  const forms = letters.flatMap((letter) => [letter, prefix + letter]).filter((piece) => !seen.has(piece));
  const isKnown = (piece: string): boolean => isContinuing(piece) && seen.has(piece.slice(prefix.length));
  return [...forms.filter(isKnown), ...forms.filter((piece) => !isKnown(piece))].slice(0, room);
}

const isContinuing = (piece: string): boolean => piece.length > prefix.length && piece.startsWith(prefix);

const compare = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Words as piece numbers, without those that have a character outside the alphabet: they would be [UNK]. */
function spell(counts: ReadonlyMap<string, number>, pieces: Pieces, alphabet: ReadonlySet<string>): CountedWord[] {
  const words: CountedWord[] = [];
  for (const [word, count] of counts) {
    const spelling = characters(word);
    if (spelling.every((char) => alphabet.has(char))) {
      words.push({ symbols: spelling.map((char) => pieces.number(char)!), count });
    }
  }
  return words;
}
