/** A model of 500 MB for benches: BERT with 124 million parameters, random weights, from the built tree. */
import { initialParameters } from '../../dist/src/authoring/initial-parameters.js';
import { writeModelFolder } from '../../dist/src/formats/model-folder.js';
import { publishModel } from '../../dist/src/formats/publish-model.js';
import { filledPrompts } from '../../dist/src/formats/sentence-transformers.js';
import { plainPipeline } from '../../dist/src/model/types.js';
import { specialTokens, wordPieceTokenizer } from '../../dist/src/tokenizer/wordpiece-json.js';

const templates = { query: '', sts: '', passage: '' };
const largeSpec = {
  ...{ family: 'bert', ...plainPipeline, pooling: 'mean', includePrompt: true, maxLength: 512, initialisation: null },
  ...{ templates, prompts: filledPrompts(templates) },
  architecture: {
    ...{ layers: 12, width: 768, heads: 12, innerWidth: 3072, vocabularySize: 50_000, typeVocabularySize: 2 },
    ...{ maxPositions: 512, layerNormEpsilon: 1e-12, padTokenId: 0, frozenRow: 0 },
  },
};
const words = [...specialTokens, ...Array.from({ length: 50_000 - specialTokens.length }, (_, i) => `w${i}`)];
const tokenizerJson = JSON.stringify(wordPieceTokenizer(Object.fromEntries(words.map((word, id) => [word, id]))));

/**
 * Writes and publishes one. `initialisation` is the digest of theta_0 where it descends from one; `change` maps every
 * tensor of the same initial weights.
 */
export function publishLargeModel(storage, { initialisation = null, change = (tensor) => tensor } = {}) {
  const spec = { ...largeSpec, initialisation };
  return publishModel(storage, spec, (folder) =>
    writeModelFolder(folder, { spec, tokenizerJson, tensors: changed(initialParameters(spec, 1), change) }),
  );
}

function* changed(tensors, change) {
  for (const tensor of tensors) yield change(tensor);
}
