/** Reads the tokenizer of another program's model from all of its files, as one tokenizer.json. */
import { dirname, join } from 'node:path';
import { readJsonIfPresent, readTextIfPresent } from '../formats/json-file.ts';
import { largestTokenizerBytes } from '../model/families/catalog.ts';
import type { WholeTokenizer } from '../tokenizer/foreign/types.ts';
import { wholeTokenizer } from '../tokenizer/foreign/whole-tokenizer.ts';

/** Names of the files that are read beside tokenizer.json. */
export const tokenizerFileNames = [
  ...['tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json'],
  ...['vocab.txt', 'config.json'],
] as const;

export interface ForeignTokenizerOptions {
  /** The model_type where config.json has none. */
  readonly modelType: string;
  /** Rows of the encoder's word table. */
  readonly rows: number;
  /** Whether its texts are cut. */
  readonly cuts: boolean;
}

/** `path` is that of tokenizer.json, which need not be there if a vocab.txt is. */
export async function readForeignTokenizer(path: string, options: ForeignTokenizerOptions): Promise<WholeTokenizer> {
  const folder = dirname(path);
  const jsonOf = async (name: string) =>
    (await readJsonIfPresent(join(folder, name))) ?? { path: join(folder, name), fields: {} };
  const json = await readTextIfPresent(path, largestTokenizerBytes);
  const vocabulary =
    json === undefined ? await readTextIfPresent(join(folder, 'vocab.txt'), largestTokenizerBytes) : undefined;
  const { fields } = await jsonOf('config.json');
  const { model_type: modelType, tokenizer_class: modelClass } = fields;
  return wholeTokenizer({
    ...{ json, path, vocabulary, modelClass, rows: options.rows, cuts: options.cuts },
    modelType: typeof modelType === 'string' ? modelType : options.modelType,
    config: await jsonOf('tokenizer_config.json'),
    specialTokens: await jsonOf('special_tokens_map.json'),
    addedTokens: await jsonOf('added_tokens.json'),
  });
}
