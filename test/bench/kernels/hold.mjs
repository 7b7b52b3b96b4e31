/** The tensors and batches of a case, freed together. */
import { elementCount } from '../../../dist/src/device/types.js';
import { makeBatch, releaseBatch } from '../../../dist/src/nn/batch.js';
import { drawn, textsOf } from '../setup.mjs';

export class Hold {
  #gpu;
  #tensors = [];
  #batches = [];

  constructor(gpu) {
    this.#gpu = gpu;
  }

  /** A tensor of numbers between -1 and 1. */
  filled(...shape) {
    const tensor = this.empty(...shape);
    this.#gpu.write(tensor, drawn(elementCount(shape), this.#tensors.length));
    return tensor;
  }

  empty(...shape) {
    return this.#keep(this.#gpu.allocate('bench', shape));
  }

  /** A tensor of these whole numbers, a vector by default. */
  numbers(values, shape) {
    const data = Uint32Array.from(values);
    const tensor = this.#keep(this.#gpu.allocate('bench', shape ?? [data.length], 'u32'));
    this.#gpu.write(tensor, data);
    return tensor;
  }

  /** `count` texts of `length` tokens each, as nn/batch.ts puts them onto the device. */
  batch(count, length, vocabularySize = 30_522) {
    const batch = makeBatch(this.#gpu, textsOf(new Array(count).fill(length), vocabularySize));
    this.#batches.push(batch);
    return batch;
  }

  free() {
    for (const tensor of this.#tensors) this.#gpu.free(tensor);
    for (const batch of this.#batches) releaseBatch(this.#gpu, batch);
  }

  #keep(tensor) {
    this.#tensors.push(tensor);
    return tensor;
  }
}

/** Bytes of so many numbers of 4 bytes. */
export const bytesOf = (...counts) => counts.reduce((sum, count) => sum + 4 * count, 0);
