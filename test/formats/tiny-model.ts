/** A small model folder for tests: a dozen words, two blocks of width 8. */
import { initialParameters } from '../../src/authoring/initial-parameters.ts';
import { writeModelFolder } from '../../src/formats/model-folder.ts';
import { filledPrompts } from '../../src/formats/sentence-transformers.ts';
import { type Architecture, type ModelSpec, type NamedTensor, plainPipeline } from '../../src/model/types.ts';
import { specialTokens, wordPieceTokenizer } from '../../src/tokenizer/wordpiece-json.ts';

const words = ['pump', 'leak', 'oil', 'find', ':', 'query', '##s', '##ing', 'a', '##b', 'b', '.'];

export const tinyTokenizerJson = JSON.stringify(
  wordPieceTokenizer(Object.fromEntries([...specialTokens, ...words].map((word, id) => [word, id]))),
);

export const tinyArchitecture: Architecture = {
  layers: 2,
  width: 8,
  heads: 2,
  innerWidth: 12,
  maxPositions: 16,
  vocabularySize: specialTokens.length + words.length,
  typeVocabularySize: 2,
  layerNormEpsilon: 1e-12,
  padTokenId: 0,
  frozenRow: 0,
};

const templates = { query: '{task} query: ', sts: 'a b: ', passage: '' };

export const tinySpec: ModelSpec = {
  family: 'bert',
  architecture: tinyArchitecture,
  ...plainPipeline,
  pooling: 'mean',
  includePrompt: false,
  maxLength: 12,
  templates,
  prompts: filledPrompts(templates, { query: 'find' }),
  initialisation: null,
};

/** Writes a model folder with seeded parameters; `change` may replace a tensor. */
export async function writeTinyModel(
  path: string,
  { spec = tinySpec, seed = 1, change = (tensor: NamedTensor) => tensor } = {},
): Promise<void> {
  const tensors = [...initialParameters(spec, seed)].map(change);
  await writeModelFolder(path, { spec, tokenizerJson: tinyTokenizerJson, tensors });
}
