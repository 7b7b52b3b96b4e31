/** Encoders that stay on the device after use, one per model folder. */

import type { Gpu } from '../device/types.ts';
import { readModelFolder } from '../formats/model-folder.ts';
import { type Encoder, loadEncoder } from '../nn/encoders/encoder.ts';
import { readOwn } from '../storage/own-files.ts';
import type { Storage } from '../storage/storage.ts';
import { type Resident, Residents } from './residents.ts';

const defaultLimit = 512 * 1024 * 1024;

export class WarmModels {
  readonly #gpu: Gpu;
  readonly #residents: Residents<Encoder>;

  constructor(gpu: Gpu, limitBytes = defaultLimit) {
    this.#gpu = gpu;
    this.#residents = new Residents(limitBytes);
  }

  /** Runs `work` with the encoder of a model folder in storage. */
  use<T>(storage: Storage, digest: string, work: (encoder: Encoder) => Promise<T>): Promise<T> {
    // A task of its own: the caller that started the load may end before others that wait for it.
    return this.#residents.use(digest, () => this.#gpu.task(() => this.#load(storage, digest)), work);
  }

  forget(digest: string): Promise<void> {
    return this.#residents.forget(digest);
  }

  async #load(storage: Storage, digest: string): Promise<Resident<Encoder>> {
    const encoder = await readOwn(storage, 'models', digest, async (path) => {
      const folder = await readModelFolder(path);
      try {
        return await loadEncoder(this.#gpu, folder.spec, folder.weights, { training: false });
      } finally {
        await folder.close();
      }
    });
    const { parameters } = encoder;
    return {
      value: encoder,
      get bytes() {
        return parameters.bytes;
      },
      free: () => parameters.free(),
    };
  }
}
