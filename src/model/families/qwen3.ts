/**
 * Qwen3 (Yang et al. 2025, arXiv 2505.09388): Llama's blocks with a head size of its own and an RMSNorm of every head
 * of queries and keys before the rotary embedding. Parameter names of transformers' Qwen3Model.
 */
import { booleanField, type JsonFile } from '../json-fields.ts';
import type { Architecture, ArchitectureValues } from '../types.ts';
import type { Family } from './family.ts';
import {
  decoderConfig,
  decoderParameters,
  decoderTensorNames,
  newDecoder,
  readDecoderConfig,
} from './shared/decoder.ts';
import { rmsNorm } from './shared/parameter-rows.ts';

export const qwen3 = {
  forward: 'decoder',
  parameters: decoderParameters([rmsNorm('self_attn.q_norm', 'D'), rmsNorm('self_attn.k_norm', 'D')]),
  tensorNames: decoderTensorNames,
  configReaders: { qwen3: readConfig },
  defaultPadTokenId: null,
  writeConfig: (architecture, dropout) => ({
    ...decoderConfig(architecture, dropout),
    architectures: ['Qwen3Model'],
    model_type: 'qwen3',
    use_sliding_window: false,
  }),
  newArchitecture: newDecoder,
} as const satisfies Family<ArchitectureValues<'qwen3'>>;

/** transformers' default where head_dim is absent. */
const defaultHeadSize = 128;

function readConfig({ path, fields }: JsonFile): Architecture {
  const file = { path, fields: { head_dim: defaultHeadSize, use_sliding_window: false, ...withoutNull(fields) } };
  booleanField(file, 'use_sliding_window', false);
  return readDecoderConfig(file);
}

const withoutNull = (fields: JsonFile['fields']): JsonFile['fields'] =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
