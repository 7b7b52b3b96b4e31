/**
 * Settings of tokenizer_config.json that win over tokenizer.json because the tokenizer's class in transformers applies
 * them itself, when it loads the file. An absent setting counts as the class's default. Source: transformers 4.57 and
 * 5.24, whose ids test/fixtures/settings records; where the two differ, 5.24 holds.
 */
import { isObject, type JsonFile, wrongField } from '../../model/json-fields.ts';
import type { TokenizerFields } from './types.ts';

/** What a class makes of a tokenizer.json: the same object where nothing changes. */
type ClassReader = (file: TokenizerFields, config: JsonFile) => TokenizerFields;

const asItStands: ClassReader = (file) => file;

/** By class name without `Fast`. */
const readers: Readonly<Record<string, ClassReader>> = {
  BertTokenizer: bertNormalizer,
  ConvBertTokenizer: bertNormalizer,
  DistilBertTokenizer: bertNormalizer,
  ElectraTokenizer: bertNormalizer,
  MobileBertTokenizer: bertNormalizer,
  SqueezeBertTokenizer: bertNormalizer,
  RobertaTokenizer: byteLevelPrefix,
  GPT2Tokenizer: byteLevelPrefix,
  Qwen2Tokenizer: byteLevelPrefix,
  XLMRobertaTokenizer: metaspacePrefix,
  CamembertTokenizer: metaspacePrefix,
  LlamaTokenizer: withoutPrefix,
  PreTrainedTokenizer: asItStands,
  TokenizersBackend: asItStands,
};

/** Whether the class is known: of others it is not known what they would change. */
export const isKnownClass = (name: string | undefined): boolean => name === undefined || Object.hasOwn(readers, name);

/** Whether the class is one of BERT's. */
export const isBertClass = (name: string | undefined): boolean =>
  name !== undefined && Object.hasOwn(readers, name) && readers[name] === bertNormalizer;

export function applyClassSettings(name: string | undefined, file: TokenizerFields, config: JsonFile): TokenizerFields {
  return name !== undefined && Object.hasOwn(readers, name) ? readers[name](file, config) : file;
}

/** Settings of BERT's classes, as fields of a BertNormalizer. */
export function bertSettings(config: JsonFile) {
  return {
    handle_chinese_chars: optionalFlag(config, 'tokenize_chinese_chars') ?? true,
    // Null strips accents where texts are lower-cased.
    strip_accents: optionalFlag(config, 'strip_accents') ?? null,
    lowercase: optionalFlag(config, 'do_lower_case') ?? true,
  };
}

/** A normalizer of another type is left alone, as in transformers 4. */
function bertNormalizer(file: TokenizerFields, config: JsonFile): TokenizerFields {
  const { normalizer } = file;
  if (!isObject(normalizer) || normalizer['type'] !== 'BertNormalizer') return file;
  const settings = bertSettings(config);
  if (Object.entries(settings).every(([field, value]) => normalizer[field] === value)) return file;
  return { ...file, normalizer: { ...normalizer, ...settings } };
}

/** A space is put before a text of byte-level BPE only where add_prefix_space says so. */
function byteLevelPrefix(file: TokenizerFields, config: JsonFile): TokenizerFields {
  const prefix = optionalFlag(config, 'add_prefix_space') ?? false;
  return changePreTokenizer(file, 'ByteLevel', (part) =>
    part['add_prefix_space'] === prefix ? part : { ...part, add_prefix_space: prefix },
  );
}

/** SentencePiece's mark is put before every word, or before none where add_prefix_space is false. */
function metaspacePrefix(file: TokenizerFields, config: JsonFile): TokenizerFields {
  return withScheme(file, (optionalFlag(config, 'add_prefix_space') ?? true) ? 'always' : 'never');
}

/** Llama's file holds, be it Metaspace or Prepend; but nothing is put before a text if add_prefix_space is false. */
function withoutPrefix(file: TokenizerFields, config: JsonFile): TokenizerFields {
  if (optionalFlag(config, 'add_prefix_space') !== false) return file;
  const { normalizer } = file;
  const parts = isObject(normalizer) && Array.isArray(normalizer['normalizers']) ? normalizer['normalizers'] : [];
  const normalizers = parts.filter((part) => !isObject(part) || part['type'] !== 'Prepend');
  const same = normalizers.length === parts.length;
  return withScheme(same ? file : { ...file, normalizer: { ...(normalizer as object), normalizers } }, 'never');
}

/** Files of before the prepend_scheme have add_prefix_space in its place. */
function withScheme(file: TokenizerFields, scheme: 'always' | 'never'): TokenizerFields {
  return changePreTokenizer(file, 'Metaspace', (part) => {
    const { add_prefix_space: prefix, ...others } = part;
    const found = part['prepend_scheme'] ?? (prefix === false ? 'never' : 'always');
    return found === scheme ? part : { ...others, prepend_scheme: scheme };
  });
}

/** Changes the pre-tokenizers of this type, one alone or those of a sequence. */
function changePreTokenizer(
  file: TokenizerFields,
  type: string,
  changed: (part: TokenizerFields) => TokenizerFields,
): TokenizerFields {
  const { pre_tokenizer: part } = file;
  if (!isObject(part)) return file;
  const one = (inner: unknown): unknown => (isObject(inner) && inner['type'] === type ? changed(inner) : inner);
  const list = part['pretokenizers'];
  if (!Array.isArray(list)) {
    const after = one(part);
    return after === part ? file : { ...file, pre_tokenizer: after };
  }
  const pretokenizers = list.map(one);
  const same = pretokenizers.every((inner, i) => inner === list[i]);
  return same ? file : { ...file, pre_tokenizer: { ...part, pretokenizers } };
}

function optionalFlag({ path, fields }: JsonFile, name: string): boolean | undefined {
  const value = fields[name] ?? undefined;
  if (value !== undefined && typeof value !== 'boolean') throw wrongField(path, name, value, 'true or false');
  return value;
}
