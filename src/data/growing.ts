/** Typed arrays that grow, for lists whose length is known at the end only. */

class Growing<A extends Uint32Array | Float32Array | Float64Array | Int32Array> {
  #values: A;
  #length = 0;
  readonly #make: (length: number) => A;

  constructor(make: (length: number) => A) {
    this.#make = make;
    this.#values = make(256);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    this.#reserve(this.#length + 1);
    this.#values[this.#length++] = value;
  }

  pushAll(values: ArrayLike<number>): void {
    this.#reserve(this.#length + values.length);
    this.#values.set(values, this.#length);
    this.#length += values.length;
  }

  /** A view of what was pushed; pushing more may leave it behind. */
  view(): A {
    return this.#values.subarray(0, this.#length) as A;
  }

  #reserve(length: number): void {
    if (length <= this.#values.length) return;
    const larger = this.#make(Math.max(length, this.#values.length * 2));
    larger.set(this.#values);
    this.#values = larger;
  }
}

export type GrowingU32 = Growing<Uint32Array>;
export type GrowingF32 = Growing<Float32Array>;
export type GrowingI32 = Growing<Int32Array>;
export const growingU32 = (): GrowingU32 => new Growing((length) => new Uint32Array(length));
export const growingF32 = (): GrowingF32 => new Growing((length) => new Float32Array(length));
export const growingI32 = (): GrowingI32 => new Growing((length) => new Int32Array(length));
export const growingF64 = (): Growing<Float64Array> => new Growing((length) => new Float64Array(length));
