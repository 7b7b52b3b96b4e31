/** Encoders that stay on the device after use: one per model folder, and those whose weights are given. */

import type { Gpu } from '../device/types.ts';
import { invariant } from '../errors.ts';
import { readModelFolder } from '../formats/model-folder.ts';
import type { NamedTensor } from '../model/types.ts';
import { type Encoder, loadEncoder } from '../nn/encoders/encoder.ts';
import type { EncoderSpec, TensorSource } from '../nn/types.ts';
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

  /** The same with weights that are given, in the encoder of `place` if it is there. */
  async useWeights<T>(
    place: string,
    spec: EncoderSpec,
    tensors: readonly NamedTensor[],
    work: (encoder: Encoder) => Promise<T>,
  ): Promise<T> {
    const source = sourceOf(tensors);
    let loaded = false;
    const load = (): Promise<Resident<Encoder>> => {
      loaded = true;
      return this.#gpu.task(async () => resident(await loadEncoder(this.#gpu, spec, source, { training: false })));
    };
    return this.#residents.use(place, load, async (encoder) => {
      if (!loaded) await encoder.parameters.load(source);
      return work(encoder);
    });
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
    return resident(encoder);
  }
}

const resident = (encoder: Encoder): Resident<Encoder> => {
  const { parameters } = encoder;
  return {
    value: encoder,
    get bytes() {
      return parameters.bytes;
    },
    free: () => parameters.free(),
  };
};

function sourceOf(tensors: readonly NamedTensor[]): TensorSource {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor.data]));
  return {
    async read(name) {
      const data = byName.get(name);
      invariant(data, `The weights that were given lack ${name}`);
      return data;
    },
  };
}
