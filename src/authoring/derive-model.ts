/**
 * Makes a model of another one's weights, with other heads or another pooling: theta_0 of a lineage of its own. Nothing
 * is trained, and new heads change no vector.
 */
import { readModelFolder, readTokenizerJson, writeModelFolder } from '../formats/model-folder.ts';
import { publishModel } from '../formats/publish-model.ts';
import type { ModelSpec } from '../model/types.ts';
import { readOwn } from '../storage/own-files.ts';
import type { Storage } from '../storage/storage.ts';
import { keptParameters, type TensorProgress } from './kept-parameters.ts';
import type { CreatedModel, DeriveModelInput } from './types.ts';

/** Holds one tensor in memory at a time. */
export function deriveModel(
  storage: Storage,
  { model, ...changes }: DeriveModelInput,
  options: TensorProgress = {},
): Promise<CreatedModel> {
  return readOwn(storage, 'models', model, async (path) => {
    const folder = await readModelFolder(path);
    try {
      const spec: ModelSpec = { ...folder.spec, ...changes, initialisation: null };
      const tokenizerJson = await readTokenizerJson(path);
      const { tokenizerSettings, weights } = folder;
      const tensors = keptParameters(spec, weights, options);
      const summary = await publishModel(storage, spec, (staged) =>
        writeModelFolder(staged, { spec, tokenizerJson, tokenizerSettings, tensors }),
      );
      return { ...summary, spec };
    } finally {
      await folder.close();
    }
  });
}
