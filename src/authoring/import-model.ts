/**
 * Imports a model folder of another program: checks all of it, writes it in Tandem's form and publishes it (theta_0).
 */

import { readModelFolder, writeModelFolder } from '../formats/model-folder.ts';
import { publishModel } from '../formats/publish-model.ts';
import { modelParameters } from '../model/pipeline.ts';
import type { ModelSpec, NamedTensor } from '../model/types.ts';
import type { Storage } from '../storage/storage.ts';
import { openTokenizer } from '../tokenizer/open.ts';
import { tryTokenizerText } from '../tokenizer/trial.ts';
import { readForeignTokenizer } from '../tokens/foreign-tokenizer.ts';
import type { ImportedModel } from './types.ts';

export interface ImportModelOptions {
  readonly signal?: AbortSignal;
  readonly onTensor?: (done: number, total: number) => void;
}

/** `path` is any folder that this process can read. Holds one tensor in memory at a time. */
export async function importModel(
  storage: Storage,
  path: string,
  options: ImportModelOptions = {},
): Promise<ImportedModel> {
  const folder = await readModelFolder(path);
  try {
    const { spec: found, tokenizerSettings, tokenizerPath } = folder;
    // The imported model is the theta_0 of its runs, whatever its lineage was elsewhere.
    const spec: ModelSpec = { ...found, initialisation: null };
    const given = { modelType: spec.family, rows: spec.architecture.vocabularySize, cuts: true };
    const { json: tokenizerJson, warnings } = await readForeignTokenizer(tokenizerPath, given);
    await tryTokenizerText(tokenizerJson, tokenizerPath, options);
    // Reports whatever else is wrong with it.
    await openTokenizer(tokenizerJson, tokenizerPath);
    const tensors = parametersOf(spec, folder.weights, options);
    const summary = await publishModel(storage, spec, (staged) =>
      writeModelFolder(staged, { spec, tokenizerJson, tokenizerSettings, tensors }),
    );
    return { ...summary, spec, warnings };
  } finally {
    await folder.close();
  }
}

async function* parametersOf(
  spec: ModelSpec,
  weights: { read(name: string, shape: readonly number[]): Promise<Float32Array> },
  { signal, onTensor }: ImportModelOptions,
): AsyncGenerator<NamedTensor> {
  const parameters = modelParameters(spec);
  for (const [done, { name, shape }] of parameters.entries()) {
    signal?.throwIfAborted();
    yield { name, shape, data: await weights.read(name, shape) };
    onTensor?.(done + 1, parameters.length);
  }
}
