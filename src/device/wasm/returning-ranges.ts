/**
 * The ranges of the device's memory while commands run: one that is given back is free once no command uses it, because
 * what comes from the recording thread is written into free ranges at once.
 */
import type { Commands } from './commands.ts';
import type { Range, Ranges } from './ranges.ts';

export class ReturningRanges {
  readonly #ranges: Ranges;
  readonly #commands: Commands;
  readonly #returning = new Set<Range>();

  constructor(ranges: Ranges, commands: Commands) {
    this.#ranges = ranges;
    this.#commands = commands;
  }

  /** A range, also where that means to wait for those that commands still use. Throws LIMIT_EXCEEDED. */
  take(label: string, size: number): Range {
    try {
      return this.#ranges.take(label, size);
    } catch (error) {
      if (this.#returning.size === 0 || !this.#commands.block()) throw error;
      for (const range of this.#returning) this.#return(range);
      return this.#ranges.take(label, size);
    }
  }

  giveBack(range: Range): void {
    this.#returning.add(range);
    if (this.#commands.isIdle) this.#return(range);
    else void this.#commands.idle().then(() => this.#return(range));
  }

  #return(range: Range): void {
    if (this.#returning.delete(range)) this.#ranges.giveBack(range);
  }
}
