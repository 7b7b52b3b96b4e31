/** Which commands must wait for earlier ones: those that touch what was written, or write what was touched. */

/** Bytes of the device's memory. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Commands that may run side by side at most, so that looking for overlaps stays short. */
const most = 16;

export class Hazards {
  #reads: Span[] = [];
  #writes: Span[] = [];
  #commands = 0;

  /** Adds a command to those that run side by side. Returns true where it must wait for all of them first. */
  mustWait(reads: readonly Span[], writes: readonly Span[]): boolean {
    const waits =
      this.#commands === most ||
      reads.some((span) => overlapsAny(span, this.#writes)) ||
      writes.some((span) => overlapsAny(span, this.#writes) || overlapsAny(span, this.#reads));
    if (waits) this.clear();
    this.#reads.push(...reads);
    this.#writes.push(...writes);
    this.#commands += 1;
    return waits;
  }

  /** All commands so far are complete, or the next one waits for them. */
  clear(): void {
    this.#reads = [];
    this.#writes = [];
    this.#commands = 0;
  }
}

const overlapsAny = ({ from, to }: Span, others: readonly Span[]): boolean =>
  others.some((other) => from < other.to && other.from < to);
