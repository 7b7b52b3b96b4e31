/** Settings of a pipeline's first module: the longest text and lower case, from the files that may hold them. */
import { join } from 'node:path';
import { badInput, type TandemError } from '../../errors.ts';
import { choiceField, integerField, isObject, type JsonFile, onlyFields, wrongField } from '../../model/json-fields.ts';
import { readJsonIfPresent } from '../json-file.ts';

/** Names of sentence-transformers' file, in the order in which it looks for them. */
const fileNames = ['bert', 'roberta', 'distilbert', 'camembert', 'albert', 'xlm-roberta', 'xlnet'].map(
  (family) => `sentence_${family}_config.json`,
);

export interface TransformerConfig {
  /** Longest text in tokens; undefined if no file has it. `file` is the path of the file that does. */
  readonly maxLength: { readonly tokens: number; readonly file: string; readonly field: string } | undefined;
  readonly lowerCase: boolean;
}

/** `folder` is the module's own. */
export async function readTransformerConfig(folder: string): Promise<TransformerConfig> {
  const file = await firstFile(folder);
  const plain = await readPlainTransformer(folder);
  if (!file) return plain;
  checkSettings(file);
  const lowerCase = file.fields['do_lower_case'] ?? false;
  if (typeof lowerCase !== 'boolean') throw wrongField(file.path, 'do_lower_case', lowerCase, 'true or false');
  if (file.fields['max_seq_length'] == null) return { ...plain, lowerCase };
  const tokens = integerField(file, 'max_seq_length');
  return { maxLength: { tokens, file: file.path, field: 'max_seq_length' }, lowerCase };
}

/**
 * Without such a file, the tokenizer's settings: `model_max_length`, or `max_len`, its name in files of before
 * transformers 3. A huge length means that there is none.
 */
export async function readPlainTransformer(folder: string): Promise<TransformerConfig> {
  const tokenizer = await readJsonIfPresent(join(folder, 'tokenizer_config.json'));
  if (tokenizer) choiceField(tokenizer, 'truncation_side', ['right']);
  const field = tokenizer?.fields['model_max_length'] == null ? 'max_len' : 'model_max_length';
  const declared = tokenizer?.fields[field] ?? null;
  if (!tokenizer || declared === null || (typeof declared === 'number' && declared > 1e15)) {
    return { maxLength: undefined, lowerCase: false };
  }
  const tokens = integerField(tokenizer, field);
  return { maxLength: { tokens, file: tokenizer.path, field }, lowerCase: false };
}

/** The first file that exists and is not empty. */
async function firstFile(folder: string): Promise<JsonFile | undefined> {
  for (const name of fileNames) {
    const file = await readJsonIfPresent(join(folder, name));
    if (file && Object.keys(file.fields).length > 0) return file;
  }
  return undefined;
}

/** Settings that do not affect the vectors of a text encoder. */
const harmless = ['max_seq_length', 'do_lower_case', 'unpad_inputs', 'backend', 'cache_dir'];
/** Settings that do not affect them while they are empty. */
const absent = ['query_length', 'document_length', 'query_expansion', 'tokenizer_name_or_path'];
/** Dictionaries of Python arguments, and which of their keys do not affect the vectors. */
const harmlessArguments = ['add_pooling_layer', 'attn_implementation', 'dtype', 'torch_dtype', 'trust_remote_code'];
const argumentFields = [
  ...['model_args', 'model_kwargs', 'tokenizer_args', 'processor_kwargs'],
  ...['config_args', 'config_kwargs', 'processing_kwargs'],
];
const fixed: Readonly<Record<string, unknown>> = {
  transformer_task: 'feature-extraction',
  module_output_name: 'token_embeddings',
};

/** Throws for a setting that changes vectors and is not supported. */
function checkSettings(file: JsonFile): void {
  onlyFields(file, [...harmless, ...absent, ...argumentFields, ...Object.keys(fixed), 'modality_config']);
  for (const name of absent) choiceField(file, name, [null]);
  for (const [name, value] of Object.entries(fixed)) choiceField(file, name, [value]);
  for (const name of argumentFields) checkArguments(file, name);
  const { modality_config: modalities } = file.fields;
  if (modalities == null) return;
  if (isObject(modalities) && 'message' in modalities) throw chatTemplate(file);
  const text = isObject(modalities) ? modalities['text'] : undefined;
  if (!isObject(text) || text['method'] !== 'forward' || text['method_output_name'] !== 'last_hidden_state') {
    const expected = "a text modality of the forward pass's last_hidden_state";
    throw wrongField(file.path, 'modality_config', modalities, expected);
  }
}

/** The error for a modality with which sentence-transformers 6 applies the tokenizer's chat template to every text. */
const chatTemplate = ({ path }: JsonFile): TandemError =>
  badInput(`${path}: modality_config has a modality "message": texts go through the tokenizer's chat template`, {
    field: 'modality_config.message',
    expected: 'a text modality alone',
    remedy: 'Chat templates are not applied here. Save the model with a tokenizer that has none.',
  });

function checkArguments({ path, fields }: JsonFile, name: string): void {
  const value = fields[name] ?? {};
  const unknown = isObject(value) ? Object.keys(value).find((key) => !harmlessArguments.includes(key)) : name;
  if (unknown === undefined) return;
  throw wrongField(path, `${name}.${unknown}`, value, `no arguments but ${harmlessArguments.join(', ')}`);
}

export const transformerConfigJson = ({ maxLength, lowerCase }: { maxLength: number; lowerCase: boolean }) => ({
  max_seq_length: maxLength,
  do_lower_case: lowerCase,
});
