/**
 * Checkpoints: a model folder and the state that continues from it, published in storage; read back when a run is
 * resumed.
 */
import type { Gpu } from '../device/types.ts';
import { type ModelFolder, readModelFolder, readTokenizerJson, writeModelFolder } from '../formats/model-folder.ts';
import { type Encoder, loadEncoder } from '../nn/encoders/encoder.ts';
import type { GroupOf } from '../nn/parameter-layout.ts';
import { readOwn } from '../storage/own-files.ts';
import { publishStaged, type Storage } from '../storage/storage.ts';
import { publishState, type RunState } from './state.ts';

/** A model folder's encoder on the device, ready to be trained. */
export const loadForTraining = (
  gpu: Gpu,
  storage: Storage,
  model: string,
  options: { readonly dropout: boolean; readonly groupOf?: GroupOf },
): Promise<Encoder> => load(gpu, storage, model, { training: true, ...options });

/** A model folder's encoder on the device, which only encodes. */
export const loadForEncoding = (gpu: Gpu, storage: Storage, model: string): Promise<Encoder> =>
  load(gpu, storage, model, { training: false });

const load = (
  gpu: Gpu,
  storage: Storage,
  model: string,
  options: Parameters<typeof loadEncoder>[3],
): Promise<Encoder> =>
  readOwn(storage, 'models', model, async (path) => {
    const folder = await readModelFolder(path);
    try {
      return await loadEncoder(gpu, folder.spec, folder.weights, options);
    } finally {
      await folder.close();
    }
  });

export interface PublishedCheckpoint {
  /** Digest of the model folder. */
  readonly model: string;
  /** Digest of the state. */
  readonly state: string;
  /** Of both. */
  readonly bytes: number;
}

/**
 * Writes the weights as they are on the device. `initial` is theta_0's folder: its tokenizer and settings are taken
 * over and its digest becomes the checkpoint's initialisation. Before the first update the checkpoint is what the run
 * starts from, the folder `start`.
 */
export async function publishCheckpoint(
  storage: Storage,
  encoder: Encoder,
  initial: {
    readonly digest: string;
    readonly start: string;
    readonly folder: Pick<ModelFolder, 'spec' | 'tokenizerSettings'>;
  },
  state: Omit<RunState, 'format' | 'model'>,
): Promise<PublishedCheckpoint> {
  const model =
    state.position.step === 0
      ? {
          digest: initial.start,
          bytes: await readOwn(storage, 'models', initial.start, async (_, { bytes }) => bytes),
        }
      : await publishStaged(storage, 'models', async (folder) =>
          writeModelFolder(folder, {
            spec: { ...initial.folder.spec, initialisation: initial.digest },
            tokenizerJson: await readOwn(storage, 'models', initial.digest, readTokenizerJson),
            tokenizerSettings: initial.folder.tokenizerSettings,
            tensors: encoder.parameters.read(),
          }),
        );
  const published = await publishState(storage, { ...state, model: model.digest }, encoder.parameters);
  return { model: model.digest, state: published.digest, bytes: model.bytes + published.bytes };
}
