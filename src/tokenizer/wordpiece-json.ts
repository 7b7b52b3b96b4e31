/** The object of a tokenizer.json for a WordPiece vocabulary, with fields in the order of the format. */

import { prefix, runPattern } from './runs.ts';

/** Their ids are their positions. */
export const specialTokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] as const;

const special = (id: '[CLS]' | '[SEP]', typeId: number) => ({ SpecialToken: { id, type_id: typeId } });
const sequence = (id: 'A' | 'B', typeId: number) => ({ Sequence: { id, type_id: typeId } });
const template = (token: '[CLS]' | '[SEP]') => ({ id: token, ids: [specialTokens.indexOf(token)], tokens: [token] });

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

export const wordPieceTokenizer = (
  vocabulary: Readonly<Record<string, number>>,
  traits: TextTraits = { marks: false, runs: false },
) => ({
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: specialTokens.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: normalizer(traits),
  pre_tokenizer: preTokenizer(traits),
  post_processor: {
    type: 'TemplateProcessing',
    single: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0)],
    pair: [special('[CLS]', 0), sequence('A', 0), special('[SEP]', 0), sequence('B', 1), special('[SEP]', 1)],
    special_tokens: { '[CLS]': template('[CLS]'), '[SEP]': template('[SEP]') },
  },
  decoder: { type: 'WordPiece', prefix, cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: prefix,
    max_input_chars_per_word: 100,
    vocab: vocabulary,
  },
});
