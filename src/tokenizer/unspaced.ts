/**
 * Words of scripts that are written without spaces: Chinese, Japanese, Thai, Lao, Khmer and Burmese, cut by the
 * dictionaries of ICU (Intl.Segmenter). Another version of ICU may cut them differently. For counting words only: the
 * ids of a model's tokens come from its tokenizer.json alone.
 */

/** Han with kana, as in Japanese, is one run. */
const scripts = ['Han', 'Hira', 'Kana', 'Thai', 'Laoo', 'Khmr', 'Mymr'];

/** One letter, mark or number of these scripts, as the source of a regular expression with the flag u. */
const unspacedCharacter = `(?=[\\p{L}\\p{M}\\p{N}])[${scripts.map((script) => `\\p{scx=${script}}`).join('')}]`;

/** Source of a regular expression with the flag u: a run of these scripts. */
export const unspacedRun = `(?:${unspacedCharacter})+`;

/** Source of a regular expression with the flag u: a letter or number of any other script, with its marks. */
export const spacedCharacter = `(?!${unspacedCharacter})[\\p{L}\\p{N}]\\p{M}*`;

/** Version of the dictionaries, for example "ICU 78.2". */
export const segmenterName = `ICU ${process.versions['icu']}`;

// The dictionaries are the same for every locale; naming one keeps the machine's locale out of it.
const segmenter = new Intl.Segmenter('ja', { granularity: 'word' });

/** The words of one run, in order; together they are the run. */
export const wordsOfRun = (run: string): string[] => Array.from(segmenter.segment(run), ({ segment }) => segment);
