/** tokenizer.json of a BERT model that has only vocab.txt, with the settings of its tokenizer_config.json. */
import { badInput } from '../../errors.ts';
import { isObject } from '../../model/json-fields.ts';
import { bertTokenizer } from '../wordpiece-json.ts';
import { bertSettings } from './class-settings.ts';
import type { ForeignTokenizer, TokenizerFields } from './types.ts';

/** Texts of special tokens where no file names them. */
const usual = { pad: '[PAD]', unk: '[UNK]', cls: '[CLS]', sep: '[SEP]', mask: '[MASK]' } as const;
type Role = keyof typeof usual;

/** One token a line, whose number is its id; of a token that is there twice the last line counts. */
function readVocabulary(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return new Map(lines.map((line, id) => [line.trimEnd(), id]));
}

export function tokenizerOfVocabulary(settings: ForeignTokenizer, text: string): TokenizerFields {
  const vocabulary = readVocabulary(text);
  const path = settings.path.replace(/tokenizer\.json$/, 'vocab.txt');
  const tokenOf = (role: Role): string => {
    const token = settings.specialTokens.fields[`${role}_token`] ?? settings.config.fields[`${role}_token`];
    const content = isObject(token) ? token['content'] : token;
    return typeof content === 'string' ? content : usual[role];
  };
  const [cls, sep, unk] = (['cls', 'sep', 'unk'] as const).map(tokenOf) as [string, string, string];
  const missing = [cls, sep, unk].find((token) => !vocabulary.has(token));
  if (missing !== undefined) throw withoutToken(path, missing);
  const found = (Object.keys(usual) as Role[]).map(tokenOf).filter((token) => vocabulary.has(token));
  const special = [...new Set(found)].sort((a, b) => vocabulary.get(a)! - vocabulary.get(b)!);
  const normalizer = { type: 'BertNormalizer', clean_text: true, ...bertSettings(settings.config) };
  return bertTokenizer(Object.fromEntries(vocabulary), { cls, sep, unk, special }, normalizer);
}

const withoutToken = (path: string, token: string) =>
  badInput(`${path}: the token ${JSON.stringify(token)} is missing`, {
    field: path,
    expected: 'a line for each special token that tokenizer_config.json names',
    remedy: 'Copy vocab.txt and tokenizer_config.json of one and the same model.',
  });
