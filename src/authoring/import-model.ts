/**
 * Imports a model folder of another program: checks all of it, writes it in Tandem's form and publishes it (theta_0).
 * Heads may be added to it, which change no vector before they are trained.
 */

import { readModelFolder, writeModelFolder } from '../formats/model-folder.ts';
import { publishModel } from '../formats/publish-model.ts';
import type { Heads, ModelSpec } from '../model/types.ts';
import type { Storage } from '../storage/storage.ts';
import { openTokenizer } from '../tokenizer/open.ts';
import { tryTokenizerText } from '../tokenizer/trial.ts';
import { readForeignTokenizer } from '../tokens/foreign-tokenizer.ts';
import { keptParameters, type TensorProgress } from './kept-parameters.ts';
import type { ImportedModel } from './types.ts';

export interface ImportModelOptions extends TensorProgress {
  /** Absent = those of the folder. */
  readonly heads?: Heads | undefined;
}

/** `path` is any folder that this process can read. Holds one tensor in memory at a time. */
export async function importModel(
  storage: Storage,
  path: string,
  { heads, ...options }: ImportModelOptions = {},
): Promise<ImportedModel> {
  const folder = await readModelFolder(path);
  try {
    const { spec: found, tokenizerSettings, tokenizerPath } = folder;
    // The imported model is the theta_0 of its runs, whatever its lineage was elsewhere.
    const spec: ModelSpec = { ...found, initialisation: null, heads: heads ?? found.heads };
    const given = { modelType: spec.family, rows: spec.architecture.vocabularySize, cuts: true };
    const { json: tokenizerJson, warnings } = await readForeignTokenizer(tokenizerPath, given);
    await tryTokenizerText(tokenizerJson, tokenizerPath, options);
    // Reports whatever else is wrong with it.
    await openTokenizer(tokenizerJson, tokenizerPath);
    const tensors = keptParameters(spec, folder.weights, options);
    const summary = await publishModel(storage, spec, (staged) =>
      writeModelFolder(staged, { spec, tokenizerJson, tokenizerSettings, tensors }),
    );
    return { ...summary, spec, warnings };
  } finally {
    await folder.close();
  }
}
