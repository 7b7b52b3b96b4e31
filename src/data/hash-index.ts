/**
 * A set of texts by their 128-bit hash in 16 bytes each (typed arrays, so millions fit), giving each a number in order
 * of arrival.
 */
import { createHash } from 'node:crypto';

const wordsPerKey = 4;
const empty = 0;

export class HashIndex {
  /** [capacity] number + 1 of the key in a slot; 0 = free. */
  #slots = new Uint32Array(1024);
  /** [capacity/2 * 4] words of the keys in order of arrival. */
  #keys = new Uint32Array(512 * wordsPerKey);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The key's number, and whether it is new. Parts are kept apart: ('a','b') is not ('ab',''). */
  add(...parts: readonly string[]): { index: number; isNew: boolean } {
    const key = hashWords(parts);
    const slot = this.#find(key);
    const found = this.#slots[slot]!;
    if (found !== empty) return { index: found - 1, isNew: false };
    this.#keys.set(key, this.#size * wordsPerKey);
    this.#slots[slot] = ++this.#size;
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    return { index: this.#size - 1, isNew: true };
  }

  #find(key: Uint32Array): number {
    const mask = this.#slots.length - 1;
    let slot = key[0]! & mask;
    while (this.#slots[slot] !== empty && !this.#same(this.#slots[slot]! - 1, key)) slot = (slot + 1) & mask;
    return slot;
  }

  #same(index: number, key: Uint32Array): boolean {
    for (let word = 0; word < wordsPerKey; word++) {
      if (this.#keys[index * wordsPerKey + word] !== key[word]) return false;
    }
    return true;
  }

  #grow(): void {
    const keys = new Uint32Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let index = 0; index < this.#size; index++) {
      this.#slots[this.#find(keys.subarray(index * wordsPerKey, (index + 1) * wordsPerKey))] = index + 1;
    }
  }
}

function hashWords(parts: readonly string[]): Uint32Array {
  const digest = digestParts(parts);
  return new Uint32Array([0, 4, 8, 12].map((at) => digest.readUInt32LE(at)));
}

const digestParts = (parts: readonly string[]): Buffer => createHash('sha256').update(JSON.stringify(parts)).digest();

/** A stable id of a text: 24 hex digits of its hash. */
export const textId = (...parts: readonly string[]): string => digestParts(parts).toString('hex', 0, 12);
