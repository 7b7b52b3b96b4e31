/** tokenizer_config.json and special_tokens_map.json, derived from tokenizer.json. */
import { join } from 'node:path';
import { isObject, wrongField } from '../model/json-fields.ts';
import { parseObject, readJsonIfPresent } from './json-file.ts';

/** Roles of special tokens by the usual texts of all families. */
const roles: Readonly<Record<string, readonly string[]>> = {
  bos_token: [],
  cls_token: ['[CLS]', '<s>'],
  eos_token: [],
  mask_token: ['[MASK]', '<mask>'],
  pad_token: ['[PAD]', '<pad>'],
  sep_token: ['[SEP]', '</s>'],
  unk_token: ['[UNK]', '<unk>'],
};

export interface TokenizerFiles {
  readonly config: Readonly<Record<string, unknown>>;
  readonly specialTokens: Readonly<Record<string, string>>;
}

type Fields = Readonly<Record<string, unknown>>;

/** An imported model's tokenizer settings besides tokenizer.json. Absent files are empty. */
export interface TokenizerSettings {
  /** tokenizer_config.json */
  readonly config: Fields;
  /** special_tokens_map.json */
  readonly specialTokens: Fields;
}

const noSettings: TokenizerSettings = { config: {}, specialTokens: {} };

export async function readTokenizerSettings(folder: string): Promise<TokenizerSettings> {
  const [config, specialTokens] = await Promise.all(
    ['tokenizer_config.json', 'special_tokens_map.json'].map((name) => readJsonIfPresent(join(folder, name))),
  );
  return { config: config?.fields ?? {}, specialTokens: specialTokens?.fields ?? {} };
}

/**
 * A tokenizer.json that lowercases before anything else (do_lower_case). As in sentence-transformers, a Lowercase is
 * added only if the list of normalizers has none.
 */
export function withLowerCase(tokenizerJson: string): string {
  const fields = parseObject('tokenizer.json', tokenizerJson);
  const { normalizer } = fields;
  const isSequence = isObject(normalizer) && normalizer['type'] === 'Sequence';
  const list = (isSequence ? normalizer['normalizers'] : [normalizer ?? []].flat()) as readonly Fields[];
  if (list.some(({ type }) => type === 'Lowercase')) return tokenizerJson;
  const lowered = { type: 'Sequence', normalizers: [{ type: 'Lowercase' }, ...list] };
  return JSON.stringify({ ...fields, normalizer: lowered });
}

/** Settings of a tokenizer that are kept for transformers; none of them changes ids. */
const keptSettings = ['clean_up_tokenization_spaces', 'model_input_names', 'padding_side'];

/**
 * Both files. The class is the one that uses tokenizer.json unchanged: others may rebuild the tokenizer from settings
 * of their own. `maxLength` becomes model_max_length, which text-embeddings-inference and transformers read.
 */
export function tokenizerFiles(
  path: string,
  tokenizerJson: string,
  maxLength: number,
  settings: TokenizerSettings = noSettings,
): TokenizerFiles {
  const file = parseObject(path, tokenizerJson);
  const added = addedTokens(path, file);
  const specialTokens: Record<string, string> = {};
  for (const [role, contents] of Object.entries(roles)) {
    const content = declaredToken(settings, role) ?? contents.find((text) => added.has(text));
    if (content !== undefined && added.has(content)) specialTokens[role] = content;
  }
  return {
    config: {
      clean_up_tokenization_spaces: true,
      ...Object.fromEntries(
        keptSettings.flatMap((name) => (name in settings.config ? [[name, settings.config[name]]] : [])),
      ),
      // Without it transformers 4 takes the space away.
      ...(putsSpaceBefore(file) && { add_prefix_space: true }),
      model_max_length: maxLength,
      tokenizer_class: 'PreTrainedTokenizerFast',
      ...specialTokens,
    },
    specialTokens,
  };
}

/** A special token by its role, as text or as an object with its content. */
function declaredToken({ config, specialTokens }: TokenizerSettings, role: string): string | undefined {
  const token = config[role] ?? specialTokens[role];
  const content = isObject(token) ? token['content'] : token;
  return typeof content === 'string' ? content : undefined;
}

/** Whether byte-level BPE puts a space before a text. */
function putsSpaceBefore({ pre_tokenizer: part }: Fields): boolean {
  if (!isObject(part)) return false;
  const parts: readonly unknown[] = Array.isArray(part['pretokenizers']) ? part['pretokenizers'] : [part];
  return parts.some((inner) => isObject(inner) && inner['type'] === 'ByteLevel' && inner['add_prefix_space'] === true);
}

function addedTokens(path: string, { added_tokens: tokens = [] }: Fields): ReadonlyMap<string, number> {
  if (!Array.isArray(tokens)) throw wrongField(path, 'added_tokens', tokens, 'a list');
  return new Map(
    tokens.map((token: unknown, i) => {
      if (!isObject(token) || typeof token['content'] !== 'string' || typeof token['id'] !== 'number') {
        throw wrongField(path, `added_tokens[${i}]`, token, 'an object with content and id');
      }
      return [token['content'], token['id']];
    }),
  );
}
