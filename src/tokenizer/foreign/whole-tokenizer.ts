/**
 * One tokenizer.json for all the files of another program's tokenizer: what transformers and sentence-transformers read
 * beside it is put into it, so that it gives the same tokens by itself. What cannot be put into it is refused.
 */
import { badInput, type TandemError } from '../../errors.ts';
import { isObject, shortened, wrongField } from '../../model/json-fields.ts';
import { tokensBeyond, withAddedTokens } from './added-tokens.ts';
import { applyClassSettings, isBertClass, isKnownClass } from './class-settings.ts';
import { tokenizerClassOf } from './tokenizer-class.ts';
import type { ForeignTokenizer, TokenizerFields, WholeTokenizer } from './types.ts';
import { tokenizerOfVocabulary } from './vocabulary-file.ts';

/** Most tokens that a message names. */
const mostNamed = 5;

/** `undefined` as a text that is no JSON object stands for itself: loading it reports what is wrong. */
export function wholeTokenizer(settings: ForeignTokenizer): WholeTokenizer {
  const name = tokenizerClassOf(settings);
  const given = givenFile(settings, name);
  if (given === undefined) return { json: settings.json ?? '', warnings: [] };
  checkSettings(settings, given);
  const ofClass = applyClassSettings(name, given, settings.config);
  const { file, leftOut } = withAddedTokens(cutAtEnd(ofClass, settings), settings);
  const [beyond] = tokensBeyond(file, settings.path, settings.rows);
  if (beyond) throw tokenWithoutRow(settings, beyond);
  const json = file === given && settings.json !== undefined ? settings.json : JSON.stringify(file);
  return { json, warnings: [...warnings(settings, name, given), ...leftOutWarning(settings, leftOut)] };
}

/** The fields of tokenizer.json, or those that stand for a vocab.txt; undefined for what is no JSON object. */
function givenFile(settings: ForeignTokenizer, name: string | undefined): TokenizerFields | undefined {
  const { json, vocabulary } = settings;
  if (json !== undefined) return parsed(json);
  if (vocabulary !== undefined && isBertClass(name)) return tokenizerOfVocabulary(settings, vocabulary);
  throw withoutTokenizer(settings);
}

function parsed(json: string): TokenizerFields | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Throws for what would give other tokens and cannot be said by a tokenizer.json that is read as here. */
function checkSettings({ config, path, cuts }: ForeignTokenizer, { truncation }: TokenizerFields): void {
  if (config.fields['split_special_tokens'] === true) {
    throw wrongField(config.path, 'split_special_tokens', true, 'false: special tokens in a text are tokens');
  }
  const side = config.fields['truncation_side'] ?? (isObject(truncation) ? truncation['direction'] : undefined);
  if (!cuts || (side !== 'Left' && side !== 'left')) return;
  throw wrongField(path, 'truncation.direction', side, 'Right: texts are cut at their end');
}

/** With the side of tokenizer_config.json, which an export does not have. */
function cutAtEnd(file: TokenizerFields, { config, cuts }: ForeignTokenizer): TokenizerFields {
  const { truncation } = file;
  if (!cuts || config.fields['truncation_side'] == null || !isObject(truncation)) return file;
  return truncation['direction'] === 'Left' ? { ...file, truncation: { ...truncation, direction: 'Right' } } : file;
}

// ---- errors ------------------------------------------------------------------------------------------------------

const withoutTokenizer = ({ path, modelType }: ForeignTokenizer): TandemError =>
  badInput(`${path}: the file is missing`, {
    field: path,
    expected: `tokenizer.json, or the vocab.txt of a BERT tokenizer (the model is of the type ${modelType})`,
    remedy: 'Load the tokenizer with transformers (AutoTokenizer) and save it again, which writes tokenizer.json.',
  });

const tokenWithoutRow = ({ path, rows }: ForeignTokenizer, [token, id]: readonly [string, number]): TandemError =>
  badInput(`${path}: the token ${JSON.stringify(shortened(token))} has the id ${id}, the encoder has ${rows} rows`, {
    field: path,
    expected: `ids below ${rows}, the rows of the word table`,
    remedy: 'Take config.json, weights and tokenizer.json from one model, or take the token out of tokenizer.json.',
  });

// ---- warnings ----------------------------------------------------------------------------------------------------

function leftOutWarning({ config, rows }: ForeignTokenizer, tokens: readonly string[]): string[] {
  if (tokens.length === 0) return [];
  const named = tokens.slice(0, mostNamed).map((token) => JSON.stringify(shortened(token)));
  const rest = tokens.length > mostNamed ? ` and ${tokens.length - mostNamed} more` : '';
  return [
    `${config.path} and the files beside it add the tokens ${named.join(', ')}${rest}, for which the encoder's ${rows} rows have no place. They are left out: texts that hold them are read as ordinary text, where transformers fails.`,
  ];
}

function warnings({ config, path }: ForeignTokenizer, name: string | undefined, file: TokenizerFields): string[] {
  const found: string[] = [];
  if (!isKnownClass(name)) {
    found.push(
      `${config.path}: the class ${shortened(String(name))} may have settings of its own, which are not known here. ${path} is used as it stands.`,
    );
  }
  const replaced = isBertClass(name) ? otherParts(file) : [];
  if (replaced.length > 0) {
    found.push(
      `${path}: its ${replaced.join(' and ')} is not BERT's, but the class is ${name}. The file is used, as in transformers 4; transformers 5 puts BERT's own in its place.`,
    );
  }
  const { before, after } = addedAround(file['post_processor']);
  for (const [key, isAdded, place] of [
    ['add_bos_token', before, 'before'],
    ['add_eos_token', after, 'after'],
  ] as const) {
    if (config.fields[key] !== true || isAdded) continue;
    found.push(
      `${config.path}: ${key} is true, but ${path} adds no token ${place} a text. None is added here, as in transformers 5; transformers 4 adds it for some classes. If the model was trained with it, put it into the post_processor of tokenizer.json and import again.`,
    );
  }
  return found;
}

/** The parts that transformers 5 replaces in a tokenizer of a BERT class, where they are not BERT's. */
function otherParts(file: TokenizerFields): string[] {
  const typeOf = (part: unknown): unknown => (isObject(part) ? part['type'] : null);
  const { before, after } = addedAround(file['post_processor']);
  return [
    ...(typeOf(file['normalizer']) === 'BertNormalizer' ? [] : ['normalizer']),
    ...(typeOf(file['pre_tokenizer']) === 'BertPreTokenizer' ? [] : ['pre_tokenizer']),
    ...(before && after ? [] : ['post_processor']),
  ];
}

/** Whether a post-processor adds tokens before and after a text. */
function addedAround(part: unknown): { readonly before: boolean; readonly after: boolean } {
  if (!isObject(part)) return { before: false, after: false };
  if (Array.isArray(part['processors'])) {
    const all = part['processors'].map(addedAround);
    return { before: all.some(({ before }) => before), after: all.some(({ after }) => after) };
  }
  // BertProcessing and RobertaProcessing have both.
  if (!Array.isArray(part['single'])) return { before: 'cls' in part, after: 'sep' in part };
  const kinds = part['single'].map((piece: unknown) => isObject(piece) && 'Sequence' in piece);
  const text = kinds.indexOf(true);
  return { before: text > 0, after: text < kinds.length - 1 };
}
