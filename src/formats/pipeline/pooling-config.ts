/** 1_Pooling/config.json, in the old form (a boolean per mode) and the new one (`pooling_mode`). */

import { booleanField, integerField, type JsonFile, onlyFields, wrongField } from '../../model/json-fields.ts';
import { poolingList } from '../../model/pooling.ts';
import { type Pooling, type PoolingMode, poolingModes } from '../../model/types.ts';

/** A mode's old boolean key and its new name. With old keys, modes have the order of poolingModes. */
const names: Readonly<Record<PoolingMode, readonly [key: string, name: string]>> = {
  cls: ['pooling_mode_cls_token', 'cls'],
  max: ['pooling_mode_max_tokens', 'max'],
  mean: ['pooling_mode_mean_tokens', 'mean'],
  mean_sqrt_len: ['pooling_mode_mean_sqrt_len_tokens', 'mean_sqrt_len_tokens'],
  weightedmean: ['pooling_mode_weightedmean_tokens', 'weightedmean'],
  lasttoken: ['pooling_mode_lasttoken', 'lasttoken'],
};

export interface PoolingConfig {
  readonly pooling: Pooling;
  readonly includePrompt: boolean;
  /** Width of the token states; undefined if the file does not have it. */
  readonly width: number | undefined;
}

export function readPoolingConfig(file: JsonFile): PoolingConfig {
  const oldKeys = poolingModes.map((mode) => names[mode][0]);
  onlyFields(file, [...oldKeys, 'pooling_mode', 'include_prompt', 'word_embedding_dimension', 'embedding_dimension']);
  const widthField = ['embedding_dimension', 'word_embedding_dimension'].find((name) => name in file.fields);
  return {
    pooling: readPooling(file),
    includePrompt: booleanField(file, 'include_prompt', true),
    width: widthField === undefined ? undefined : integerField(file, widthField),
  };
}

/** The new key takes precedence over the old ones; without any mode it is the mean (as in sentence-transformers 6). */
function readPooling(file: JsonFile): Pooling {
  const { pooling_mode: named } = file.fields;
  const modes = named === undefined ? oldModes(file) : [named].flat().map((name) => newMode(file, name, named));
  if (new Set(modes).size !== modes.length) throw wrongField(file.path, 'pooling_mode', named, 'each mode once');
  const [first = 'mean', ...others] = modes;
  return others.length === 0 ? first : modes;
}

function oldModes(file: JsonFile): PoolingMode[] {
  return poolingModes.filter((mode) => booleanField(file, names[mode][0], false));
}

function newMode(file: JsonFile, name: unknown, all: unknown): PoolingMode {
  const mode = poolingModes.find((known) => names[known][1] === name);
  if (mode !== undefined) return mode;
  const known = poolingModes.map((row) => names[row][1]).join(', ');
  throw wrongField(file.path, 'pooling_mode', all, `one of ${known}, or a list of them`);
}

/** The old form, which every reader accepts; the new one where the old cannot express the order. */
export function poolingConfigJson({ pooling, includePrompt, width }: PoolingConfig): object {
  const modes = poolingList(pooling);
  const inOldOrder = modes.every((mode, i) => i === 0 || rank(modes[i - 1]) < rank(mode));
  if (!inOldOrder) {
    const list = modes.map((mode) => names[mode][1]);
    return { embedding_dimension: width, pooling_mode: list, include_prompt: includePrompt };
  }
  return {
    word_embedding_dimension: width,
    ...Object.fromEntries(poolingModes.map((mode) => [names[mode][0], modes.includes(mode)])),
    include_prompt: includePrompt,
  };
}

const rank = (mode: PoolingMode): number => poolingModes.indexOf(mode);
