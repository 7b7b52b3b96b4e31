/** transformers' config.json of a Qwen3, both ways. */

import { booleanField, type JsonFile } from '../../model/json-fields.ts';
import type { Architecture } from '../../model/types.ts';
import { decoderConfig, readDecoderConfig } from './llama.ts';

/** transformers' default where head_dim is absent. */
const defaultHeadSize = 128;

export function readQwen3Config({ path, fields }: JsonFile): Architecture {
  const file = { path, fields: { head_dim: defaultHeadSize, use_sliding_window: false, ...withoutNull(fields) } };
  booleanField(file, 'use_sliding_window', false);
  return readDecoderConfig(file);
}

const withoutNull = (fields: JsonFile['fields']): JsonFile['fields'] =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));

export const qwen3Config = (architecture: Architecture, padTokenId: number) => ({
  ...decoderConfig(architecture, padTokenId),
  architectures: ['Qwen3Model'],
  model_type: 'qwen3',
  use_sliding_window: false,
});
