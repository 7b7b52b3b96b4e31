/** The object of a tokenizer.json for a WordPiece vocabulary, with fields in the order of the format. */

import { prefix, runPattern } from './runs.ts';

/** Their ids are their positions. */
export const specialTokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] as const;

const special = (id: string, typeId: number) => ({ SpecialToken: { id, type_id: typeId } });
const sequence = (id: 'A' | 'B', typeId: number) => ({ Sequence: { id, type_id: typeId } });
const template = (token: string, id: number) => ({ id: token, ids: [id], tokens: [token] });

/** What the texts of a vocabulary hold. */
export interface TextTraits {
  /** Accents or other marks: they are kept then. Without any, BERT folds the accents of readers. */
  readonly marks: boolean;
  /** Runs of letters that are written without spaces (runs.ts). */
  readonly runs: boolean;
}

const bertNormalizer = (stripAccents: false | null) => ({
  type: 'BertNormalizer' as const,
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: stripAccents,
  lowercase: true,
});

/** Null strips accents, since it lower-cases. Composed first where they are kept: one text, one spelling. */
const normalizer = ({ marks, runs }: TextTraits) =>
  marks || runs
    ? { type: 'Sequence' as const, normalizers: [{ type: 'NFC' as const }, bertNormalizer(false)] }
    : bertNormalizer(null);

const isolatedRuns = { type: 'Split', pattern: { Regex: runPattern }, behavior: 'Isolated', invert: false } as const;

const preTokenizer = ({ runs }: TextTraits) =>
  runs
    ? { type: 'Sequence' as const, pretokenizers: [{ type: 'BertPreTokenizer' as const }, isolatedRuns] }
    : { type: 'BertPreTokenizer' as const };

/** Ids of tokens by their texts. */
type Vocabulary = Readonly<Record<string, number>>;

/** BERT's tokenizer for a vocabulary that was trained here, which begins with the special tokens. */
export const wordPieceTokenizer = (vocabulary: Vocabulary, traits: TextTraits = { marks: false, runs: false }) => ({
  ...head(vocabulary, specialTokens),
  normalizer: normalizer(traits),
  pre_tokenizer: preTokenizer(traits),
  ...tail(vocabulary, { cls: '[CLS]', sep: '[SEP]', unk: '[UNK]' }),
});

/** The texts of special tokens by their roles; those of `special` are found in texts before anything else. */
export interface SpecialNames {
  readonly cls: string;
  readonly sep: string;
  readonly unk: string;
  readonly special: readonly string[];
}

/** BERT's tokenizer for any vocabulary that has these tokens. */
export const bertTokenizer = <Normalizer>(vocabulary: Vocabulary, names: SpecialNames, normalizer: Normalizer) => ({
  ...head(vocabulary, names.special),
  normalizer,
  pre_tokenizer: { type: 'BertPreTokenizer' as const },
  ...tail(vocabulary, names),
});

/** What stands before the normalizer. */
const head = (vocabulary: Vocabulary, tokens: readonly string[]) => ({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: tokens.map((content) => ({
    id: vocabulary[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
});

/** What stands after the pre-tokenizer. */
const tail = (vocabulary: Vocabulary, { cls, sep, unk }: Omit<SpecialNames, 'special'>) => ({
  post_processor: {
    type: 'TemplateProcessing',
    single: [special(cls, 0), sequence('A', 0), special(sep, 0)],
    pair: [special(cls, 0), sequence('A', 0), special(sep, 0), sequence('B', 1), special(sep, 1)],
    special_tokens: { [cls]: template(cls, vocabulary[cls]), [sep]: template(sep, vocabulary[sep]) },
  },
  decoder: { type: 'WordPiece', prefix, cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: unk,
    continuing_subword_prefix: prefix,
    max_input_chars_per_word: 100,
    vocab: vocabulary,
  },
});
