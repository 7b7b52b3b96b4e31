/**
 * Llama (Touvron et al. 2023, arXiv 2302.13971) and MiniCPM (Hu et al. 2024, arXiv 2404.06395), which scales the
 * embeddings by scale_emb and every change of the residual stream by scale_depth / sqrt(L). Parameter names of
 * transformers' LlamaModel; MiniCPM's, whose code is on the hub, are the same.
 */
import { booleanField, choiceField, type JsonFile, positiveField } from '../json-fields.ts';
import type { Architecture, ArchitectureValues } from '../types.ts';
import type { DropoutRates, Family } from './family.ts';
import {
  decoderConfig,
  decoderParameters,
  decoderTensorNames,
  newDecoder,
  readDecoderConfig,
} from './shared/decoder.ts';

export const llama = {
  forward: 'decoder',
  parameters: decoderParameters(),
  tensorNames: decoderTensorNames,
  configReaders: { llama: readLlamaConfig, minicpm: readMiniCpmConfig },
  defaultPadTokenId: null,
  writeConfig,
  newArchitecture: (request) => ({ ...newDecoder(request), feedForwardBias: false }),
} as const satisfies Family<ArchitectureValues<'llama'>>;

function readLlamaConfig(file: JsonFile): Architecture {
  return { ...readDecoderConfig(file), feedForwardBias: booleanField(file, 'mlp_bias', false) };
}

/** Defaults are those of MiniCPM's own configuration class. */
function readMiniCpmConfig(file: JsonFile): Architecture {
  choiceField(file, 'num_experts', [0]);
  return {
    ...readLlamaConfig(file),
    embeddingScale: positiveField(file, 'scale_emb', 1),
    depthScale: positiveField(file, 'scale_depth', 1),
  };
}

/** A model with MiniCPM's scalings is written as a MiniCPM. */
function writeConfig(architecture: Architecture, dropout: DropoutRates): object {
  const { embeddingScale, depthScale } = architecture;
  const common = { ...decoderConfig(architecture, dropout), mlp_bias: architecture.feedForwardBias ?? false };
  if (embeddingScale === undefined && depthScale === undefined) {
    return { ...common, architectures: ['LlamaModel'], model_type: 'llama' };
  }
  return {
    ...common,
    architectures: ['MiniCPMModel'],
    model_type: 'minicpm',
    scale_depth: depthScale ?? Math.sqrt(architecture.layers),
    scale_emb: embeddingScale ?? 1,
  };
}
