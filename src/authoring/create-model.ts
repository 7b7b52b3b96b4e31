/** Creates a model from scratch: a vocabulary trained on data sets, seeded parameters, a published folder (theta_0). */
import { readParameters, rowOf } from '../catalog-parameters.ts';
import { openDataset } from '../data/record-file.ts';
import type { TextTriple } from '../data/types.ts';
import { badInput } from '../errors.ts';
import { writeModelFolder } from '../formats/model-folder.ts';
import { publishModel } from '../formats/publish-model.ts';
import { filledPrompts } from '../formats/sentence-transformers.ts';
import { encoderCatalog, largestVocabulary } from '../model/families/catalog.ts';
import { newArchitecture } from '../model/new-architecture.ts';
import { checkTemplates } from '../model/templates.ts';
import type { ArchitectureValues } from '../model/types.ts';
import { type ModelSpec, type PromptTemplates, plainPipeline, poolingModes, type TextRole } from '../model/types.ts';
import type { Storage } from '../storage/storage.ts';
import { smallestVocabulary, trainWordPiece } from '../tokenizer/train-wordpiece.ts';
import { specialTokens } from '../tokenizer/wordpiece-json.ts';
import { buildText } from '../tokens/text.ts';
import { initialParameters } from './initial-parameters.ts';
import type { CreatedModel, CreateModelInput } from './types.ts';

export interface CreateModelOptions {
  readonly signal?: AbortSignal;
  readonly onStage?: (stage: string) => void;
}

/** Id of [PAD] in every vocabulary that Tandem trains. */
const padTokenId = specialTokens.indexOf('[PAD]');

export async function createModel(
  storage: Storage,
  input: CreateModelInput,
  { signal, onStage }: CreateModelOptions = {},
): Promise<CreatedModel> {
  const values = checkInput(input);
  onStage?.('vocabulary');
  const texts = trainTexts(storage, input.vocabularyFrom, input.templates);
  const tokenizer = await trainWordPiece(texts, input.vocabularySize, { signal });
  onStage?.('parameters');
  const vocabularySize = Object.keys(tokenizer.model.vocab).length;
  const spec: ModelSpec = {
    family: input.family,
    architecture: newArchitecture(input.family, values, vocabularySize, padTokenId),
    pooling: input.pooling,
    ...plainPipeline,
    heads: input.heads,
    includePrompt: input.includePrompt,
    maxLength: input.maxLength,
    templates: input.templates,
    prompts: filledPrompts(input.templates),
    initialisation: null,
  };
  const tensors = initialParameters(spec, input.seed);
  const summary = await publishModel(storage, spec, (folder) =>
    writeModelFolder(folder, { spec, tokenizerJson: JSON.stringify(tokenizer, undefined, 2), tensors }),
  );
  return { ...summary, spec };
}

/** Every text of the train splits, with its prompt. Throws if a data set is missing, or if there is no text at all. */
async function* trainTexts(
  storage: Storage,
  digests: readonly string[],
  templates: PromptTemplates,
): AsyncGenerator<string> {
  let count = 0;
  const built = (role: TextRole, triple: TextTriple): string => {
    count++;
    const { prompt, text } = buildText(templates, role, triple);
    return prompt + text;
  };
  for (const digest of digests) {
    const dataset = await openDataset(storage, digest);
    for await (const record of dataset.records('train')) {
      const [own, others]: [TextRole, TextRole] = record.task === 'sts' ? ['sts', 'sts'] : ['query', 'passage'];
      yield built(own, record.query);
      for (const triple of [...record.positives, ...record.negatives]) yield built(others, triple);
    }
    for await (const document of dataset.documents('train')) yield built('passage', document.text);
  }
  if (count > 0) return;
  throw badInput('The data sets have no text in their train split', {
    field: 'vocabularyFrom',
    expected: 'at least one data set with a train split: the vocabulary is learned from it',
  });
}

// ---- checks ------------------------------------------------------------------------------------------------------

function checkInput(input: CreateModelInput): ArchitectureValues {
  const family = rowOf(encoderCatalog, input.family, 'family');
  if (!poolingModes.includes(input.pooling)) throw wrong('pooling', input.pooling, poolingModes.join(', '));
  if (input.vocabularyFrom.length === 0) throw wrong('vocabularyFrom', '[]', 'at least one data set');
  checkInteger('vocabularySize', input.vocabularySize, smallestVocabulary, largestVocabulary);
  checkInteger('seed', input.seed, 0, Number.MAX_SAFE_INTEGER);
  checkTemplates(input.templates);
  const values = readParameters(family, input.architecture, 'architecture');
  newArchitecture(input.family, values, input.vocabularySize, padTokenId);
  checkInteger('maxLength', input.maxLength, 3, values.maxPositions);
  return values;
}

function checkInteger(field: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw wrong(field, value, `a whole number from ${min} to ${max}`);
}

const wrong = (field: string, value: unknown, expected: string) =>
  badInput(`${field} is ${typeof value === 'string' ? value : JSON.stringify(value)}`, { field, expected });
