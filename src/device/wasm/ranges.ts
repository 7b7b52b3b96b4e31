/** Ranges of one WebAssembly memory: taken and given back, of multiples of 256 bytes. The memory grows as needed. */
import { limitExceeded } from '../../errors.ts';
import { alignUp } from '../alignment.ts';

/** A range of the memory. */
export interface Range {
  readonly address: number;
  readonly size: number;
}

const page = 65_536;
/** WebAssembly's 32-bit addresses. */
export const addressSpace = 65_536 * page;

export class Ranges {
  readonly #memory: WebAssembly.Memory;
  /** Free ranges by address. No two touch. */
  #free: Range[] = [];
  /** Where memory begins that was never taken. It is zero. */
  #end: number;

  constructor(memory: WebAssembly.Memory, start: number) {
    this.#memory = memory;
    this.#end = alignUp(start);
  }

  /** Whether the range has held nothing before, so that it is zero. Asked before it is taken. */
  get untouched(): number {
    return this.#end;
  }

  /** The smallest free range that is large enough, or new memory. Throws LIMIT_EXCEEDED where there is none. */
  take(label: string, bytes: number): Range {
    const size = alignUp(Math.max(bytes, 1));
    let best = -1;
    for (const [index, range] of this.#free.entries()) {
      if (range.size >= size && (best < 0 || range.size < this.#free[best]!.size)) best = index;
    }
    if (best < 0) return this.#extend(label, size);
    const { address, size: found } = this.#free[best]!;
    if (found === size) this.#free.splice(best, 1);
    else this.#free[best] = { address: address + size, size: found - size };
    return { address, size };
  }

  giveBack({ address, size }: Range): void {
    const behind = this.#free.findIndex((range) => range.address > address);
    const at = behind < 0 ? this.#free.length : behind;
    const before = this.#free[at - 1];
    const after = this.#free[at];
    const joinsBefore = before !== undefined && before.address + before.size === address;
    const joinsAfter = after !== undefined && address + size === after.address;
    const joined = {
      address: joinsBefore ? before.address : address,
      size: size + (joinsBefore ? before.size : 0) + (joinsAfter ? after.size : 0),
    };
    this.#free.splice(joinsBefore ? at - 1 : at, Number(joinsBefore) + Number(joinsAfter), joined);
  }

  #extend(label: string, size: number): Range {
    const last = this.#free.at(-1);
    // The free range at the end is taken along.
    const address = last !== undefined && last.address + last.size === this.#end ? last.address : this.#end;
    const end = address + size;
    const missing = end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#grow(label, size, missing);
    if (address !== this.#end) this.#free.pop();
    this.#end = end;
    return { address, size };
  }

  #grow(label: string, size: number, missing: number): void {
    try {
      // In steps of 16 MiB, where there is room for them.
      const have = this.#memory.buffer.byteLength;
      const step = Math.min(alignUp(missing, 256 * page), addressSpace - have);
      if (step < missing) throw new RangeError('the address space ends');
      this.#memory.grow(Math.ceil(step / page));
    } catch {
      const held = this.#memory.buffer.byteLength;
      throw limitExceeded(
        `tensor ${label} needs ${size} bytes beside the ${held} that the CPU device holds, of ${addressSpace} at most`,
        {
          field: label,
          expected: `at most ${addressSpace} bytes in all`,
          remedy: 'use a smaller batch, length or model',
        },
      );
    }
  }
}
