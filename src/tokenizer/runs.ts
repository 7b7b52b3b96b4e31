/**
 * Runs of letters that are written without spaces (kana, Thai, Lao, Khmer, Burmese). The tokenizers that Tandem makes
 * isolate them by one pattern of bounded pieces, which any reader of tokenizer.json knows; only the training of a
 * vocabulary looks at the words inside. Han needs none of this: BertNormalizer makes a word of each character.
 */
import { unspacedRun, wordsOfRun } from './unspaced.ts';

/** Marks a piece that continues a word. */
export const prefix = '##';

/** Ranges of each script, without its punctuation. Sound marks and the long vowel belong to both kana. */
const scripts: readonly string[] = [
  '\u3041-\u3096\u3099-\u309f\u30fc',
  '\u3099\u309a\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff',
  '\uff66-\uff9f',
  '\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59',
  '\u0e81-\u0edf',
  '\u1780-\u17d3\u17dc\u17dd\u17e0-\u17e9',
  '\u1000-\u1049\u1050-\u109f\ua9e0-\ua9fe\uaa60-\uaa7f',
];

/** Longest piece of a run in characters: below WordPiece's limit, beyond which a word becomes [UNK]. */
const longestPiece = 64;

/** A piece of a run: one script, bounded. The same text for JavaScript, Oniguruma and Rust's regexes. */
export const runPattern = scripts.map((ranges) => `[${ranges}]{1,${longestPiece}}`).join('|');

const runs = new RegExp(runPattern, 'gu');
const contexts = new RegExp(unspacedRun, 'gu');

/**
 * Takes the runs out of a composed text. `words` are their words as Intl.Segmenter cuts them in the context of the
 * text; one that is not the first of its piece has the prefix, since the tokenizer will meet it as a continuation.
 */
export function takeRuns(text: string): { readonly rest: string; readonly words: readonly string[] } {
  if (text.search(runs) < 0) return { rest: text, words: [] };
  const starts = wordStarts(text);
  const words: string[] = [];
  const rest = text.replace(runs, (piece: string, offset: number) => {
    for (let begin = 0, end = 1; end <= piece.length; end++) {
      if (end < piece.length && !starts.has(offset + end)) continue;
      words.push((begin === 0 ? '' : prefix) + piece.slice(begin, end));
      begin = end;
    }
    return ' ';
  });
  return { rest, words };
}

function wordStarts(text: string): ReadonlySet<number> {
  const starts = new Set<number>();
  for (const { 0: run, index } of text.matchAll(contexts)) {
    let start = index;
    for (const word of wordsOfRun(run)) {
      starts.add(start);
      start += word.length;
    }
  }
  return starts;
}

/** Latin letters with accents: the rest of Latin-1, and Latin Extended-A. */
const accentedLatin = '\u00df-\u017f';

/**
 * Every lower-case letter, mark and number of the scripts of which `seen` has a character; Latin is one of them where
 * an accented letter was seen. One that a vocabulary lacks would make a whole run or word unknown.
 */
export const lettersBeside = (seen: Iterable<string>): string[] => {
  const characters = [...seen];
  const letters = [...scripts, accentedLatin].flatMap((ranges) => {
    const member = new RegExp(`[${ranges}]`, 'u');
    return characters.some((character) => member.test(character)) ? charactersOf(ranges) : [];
  });
  return [...new Set(letters)];
};

const charactersOf = (ranges: string): string[] =>
  Array.from(ranges.matchAll(/(.)(?:-(.))?/gu)).flatMap(([, first = '', last = first]) => {
    const begin = first.codePointAt(0)!;
    const all = Array.from({ length: last.codePointAt(0)! - begin + 1 }, (_, i) => String.fromCodePoint(begin + i));
    return all.filter((character) => /[\p{L}\p{M}\p{N}]/u.test(character) && character.toLowerCase() === character);
  });
