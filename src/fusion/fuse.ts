/** Fuses checkpoints of one lineage into a new model folder, which descends from theta_0 and can be fused again. */
import { readTokenizerJson, writeModelFolder } from '../formats/model-folder.ts';
import { publishModel } from '../formats/publish-model.ts';
import { readOwn } from '../storage/own-files.ts';
import type { Storage } from '../storage/storage.ts';
import { type FuseOptions, withFusion } from './open-fusion.ts';
import type { FusedModel, FuseInput } from './types.ts';

/** Checks plan and lineage, then writes and publishes the fused model. */
export const fuse = (storage: Storage, input: FuseInput, options: FuseOptions = {}): Promise<FusedModel> =>
  withFusion(storage, input, options, async ({ base, tensors, figures }) => {
    const spec = { ...base.spec, initialisation: input.initial };
    const tokenizerJson = await readOwn(storage, 'models', input.initial, readTokenizerJson);
    const { tokenizerSettings } = base;
    const published = await publishModel(storage, spec, (folder) =>
      writeModelFolder(folder, { spec, tokenizerJson, tokenizerSettings, tensors }),
    );
    return { ...published, figures: figures() };
  });
