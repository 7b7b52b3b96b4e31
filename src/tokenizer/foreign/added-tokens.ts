/**
 * Tokens that the files beside a tokenizer.json add to its own, as transformers adds them: found in texts before
 * anything else. A token keeps the id that the vocabulary has for it; others follow the last one.
 */
import { isObject, type JsonFile, wrongField } from '../../model/json-fields.ts';
import type { AddedToken, ForeignTokenizer, TokenizerFields } from './types.ts';

/** A token as the settings name it. */
type Named = Omit<AddedToken, 'id'>;

const roles = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];

/**
 * The file with all added tokens, and those that were left out since the encoder has no row for them: the original
 * fails where such a token occurs, here it is read as any other text.
 */
export function withAddedTokens(
  file: TokenizerFields,
  settings: ForeignTokenizer,
): { readonly file: TokenizerFields; readonly leftOut: readonly string[] } {
  const own = ownTokens(settings.path, file);
  const contents = new Set(own.map(({ content }) => content));
  const idOf = idsOf(file);
  let next = Math.max(idOf.size, 1 + own.reduce((highest, { id }) => Math.max(highest, id), -1));
  const added: AddedToken[] = [];
  const leftOut: string[] = [];
  for (const token of namedTokens(settings)) {
    if (token.content === '' || contents.has(token.content)) continue;
    contents.add(token.content);
    const id = idOf.get(token.content) ?? next;
    if (id >= settings.rows) {
      leftOut.push(token.content);
      continue;
    }
    if (id === next) next++;
    added.push({ id, ...token });
  }
  if (added.length === 0) return { file, leftOut };
  const all = [...own, ...added].sort((a, b) => a.id - b.id);
  return { file: { ...file, added_tokens: all }, leftOut };
}

/** The tokens that tokenizer.json has no row of the word table for, by id; the lowest come first. */
export function tokensBeyond(file: TokenizerFields, path: string, rows: number): (readonly [string, number])[] {
  const added = ownTokens(path, file).map(({ content, id }) => [content, id] as const);
  const beyond = [...new Map([...idsOf(file), ...added])].filter(([, id]) => id >= rows);
  return beyond.sort(([, a], [, b]) => a - b);
}

function ownTokens(path: string, { added_tokens: tokens = [] }: TokenizerFields): readonly AddedToken[] {
  if (!Array.isArray(tokens)) throw wrongField(path, 'added_tokens', tokens, 'a list');
  return tokens.map((token: unknown, i) => {
    if (isObject(token) && typeof token['content'] === 'string' && Number.isSafeInteger(token['id'])) {
      return token as unknown as AddedToken;
    }
    throw wrongField(path, `added_tokens[${i}]`, token, 'an object with content and id');
  });
}

/** Ids of the model's own vocabulary: a map, or a list of pairs of text and score. */
function idsOf({ model }: TokenizerFields): ReadonlyMap<string, number> {
  const vocabulary = isObject(model) ? model['vocab'] : undefined;
  if (Array.isArray(vocabulary)) return new Map(vocabulary.map((pair: unknown, id) => [String([pair].flat()[0]), id]));
  return new Map(Object.entries(isObject(vocabulary) ? vocabulary : {}) as [string, number][]);
}

// ---- tokens that the settings name -------------------------------------------------------------------------------

/**
 * In transformers' order. With added_tokens_decoder in tokenizer_config.json the two older files do not count; without
 * it special_tokens_map.json takes precedence over tokenizer_config.json.
 */
function namedTokens({ config, specialTokens, addedTokens }: ForeignTokenizer): Named[] {
  const decoder = config.fields['added_tokens_decoder'];
  const fields = decoder === undefined ? { ...config.fields, ...specialTokens.fields } : config.fields;
  const merged: JsonFile = { path: config.path, fields };
  const special = [...rolesOf(merged), ...extraTokens(merged)];
  const numbered =
    decoder === undefined ? olderTokens(addedTokens, special) : decoderTokens(config.path, decoder, special);
  return [...numbered, ...special];
}

/** Those of the usual roles come first; any other key that ends in _token names one too if its value is a text. */
function rolesOf({ path, fields }: JsonFile): Named[] {
  const others = Object.keys(fields).filter(
    (key) => key.endsWith('_token') && !roles.includes(key) && typeof fields[key] === 'string',
  );
  return [...roles, ...others].flatMap((key) => (fields[key] == null ? [] : [tokenOf(path, key, fields[key])]));
}

function extraTokens({ path, fields }: JsonFile): Named[] {
  const name = isEmpty(fields['extra_special_tokens']) ? 'additional_special_tokens' : 'extra_special_tokens';
  const extra = fields[name] ?? [];
  if (!isObject(extra) && !Array.isArray(extra)) throw wrongField(path, name, extra, 'a list or a map of tokens');
  return Object.values(extra).map((token) => tokenOf(path, name, token));
}

const isEmpty = (value: unknown): boolean => value == null || Object.keys(value).length === 0;

function decoderTokens(path: string, decoder: unknown, special: readonly Named[]): Named[] {
  if (!isObject(decoder)) throw wrongField(path, 'added_tokens_decoder', decoder, 'a map from id to token');
  return Object.entries(decoder).map(([id, token]) => {
    const named = tokenOf(path, `added_tokens_decoder.${id}`, token);
    const isSpecial = isObject(token) && token['special'] === true;
    return { ...named, special: isSpecial || isAmong(special, named.content) };
  });
}

/** added_tokens.json, a map from text to id. */
function olderTokens({ path, fields }: JsonFile, special: readonly Named[]): Named[] {
  const ids = Object.entries(fields);
  const wrong = ids.find(([, id]) => !Number.isSafeInteger(id));
  if (wrong) throw wrongField(path, wrong[0], wrong[1], 'the id of a token, a whole number');
  return ids
    .sort(([, a], [, b]) => (a as number) - (b as number))
    .map(([content]) => {
      const isSpecial = isAmong(special, content);
      return { ...plain(content), normalized: !isSpecial, special: isSpecial };
    });
}

const isAmong = (tokens: readonly Named[], content: string): boolean =>
  tokens.some((token) => token.content === content);

/** A text, or an object with its content. */
function tokenOf(path: string, name: string, token: unknown): Named {
  if (typeof token === 'string') return plain(token);
  if (!isObject(token) || typeof token['content'] !== 'string') {
    throw wrongField(path, name, token, 'a text, or an object with content');
  }
  const flag = (key: string): boolean => token[key] === true;
  return {
    ...plain(token['content']),
    ...{ single_word: flag('single_word'), lstrip: flag('lstrip'), rstrip: flag('rstrip') },
    normalized: flag('normalized'),
  };
}

const plain = (content: string): Named => ({
  content,
  ...{ single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
});
