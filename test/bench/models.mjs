/** The models that encoding and training are measured with. */
import { architecture, vocabularySize } from '../../dist/src/cli/quickstart/settings.js';
import { readModelFolder } from '../../dist/src/formats/model-folder.js';
import { loadEncoder } from '../../dist/src/nn/encoders/encoder.js';
import { weightsOf } from './setup.mjs';

const bert = { typeVocabularySize: 2, maxPositions: 512, layerNormEpsilon: 1e-12, vocabularySize: 30_522 };
const minilm = { ...bert, layers: 6, width: 384, heads: 12, innerWidth: 1536 };
const random = (architecture) => ({
  spec: { family: 'bert', architecture, pooling: 'mean' },
  weights: weightsOf('bert', architecture),
  close: async () => {},
});

/** `folder`: all-MiniLM-L6-v2 itself; else its shapes with random weights. */
export const openMiniLM = (folder) => (folder === undefined ? random(minilm) : readModelFolder(folder));
/** One layer of it. */
export const oneLayer = () => random({ ...minilm, layers: 1 });
export const bertBase = () => random({ ...bert, layers: 12, width: 768, heads: 12, innerWidth: 3072 });
/** The shapes of the model that the quickstart trains. */
export const quickstart = () => random({ ...bert, ...architecture, vocabularySize });

/** Loads a model, runs `work` with its encoder, and frees both. */
export async function withEncoder(gpu, opened, use, work) {
  const model = await opened;
  try {
    const encoder = await loadEncoder(gpu, model.spec, model.weights, use);
    try {
      await work(encoder);
    } finally {
      encoder.parameters.free();
    }
  } finally {
    await model.close();
  }
}

/** Texts of `length` tokens, at least two, that have about `tokens` together. */
export const equalLengths = (tokens, length) => new Array(Math.max(2, Math.round(tokens / length))).fill(length);
