/**
 * Puts commands into the ring, in order. What does not fit yet waits in a list; nothing blocks. A command's record of
 * grid, addresses and params stands in the device's memory, as long as its slot is in use.
 */

import type { Failures, Task } from '../failures.ts';
import type { KernelTime } from '../types.ts';
import type { Completion } from './completion.ts';
import { Hazards, type Span } from './hazards.ts';
import { control, copyCommand, fillCommand, type SharedQueue, slot, slotAt, slots, unitBytes } from './ring.ts';

/** Bytes of a slot's record. */
export const recordBytes = 256;

/** What is done, in the ring's terms. */
export interface Command {
  /** A kernel's name, for people. */
  readonly name: string;
  readonly kernel: number;
  readonly total: number;
  /** Words of the record of a kernel, or the operands of a copy or fill. */
  readonly words: readonly number[];
  readonly reads: readonly Span[];
  readonly writes: readonly Span[];
}

interface Recorded extends Command {
  readonly task: Task;
}

/** Pieces that a grid is cut into for each thread, so that a thread that is held up holds up little. */
const piecesOfThread = 8;

const unitsOf = ({ from, to }: Span): number => Math.ceil((to - from) / unitBytes);

export class Commands {
  readonly #queue: SharedQueue;
  readonly #memory: WebAssembly.Memory;
  readonly #records: number;
  readonly #threads: number;
  readonly #failures: Failures;
  readonly #completion: Completion;
  readonly #drain: () => void;
  readonly #hazards = new Hazards();
  /** Not in the ring yet. */
  #waiting: Recorded[] = [];
  #published = 0;
  #mustWait = false;
  #pumping: Promise<void> | undefined;
  readonly #tasks: (Task | undefined)[] = Array.from({ length: slots });
  readonly #timedKernels: (string | undefined)[] = Array.from({ length: slots });
  #times: Map<string, { calls: number; milliseconds: number }> | undefined;

  constructor(options: {
    queue: SharedQueue;
    memory: WebAssembly.Memory;
    /** Address of the records. */
    records: number;
    threads: number;
    failures: Failures;
    completion: Completion;
    /** Reports the errors of commands that are complete. */
    drain: () => void;
  }) {
    this.#queue = options.queue;
    this.#memory = options.memory;
    this.#records = options.records;
    this.#threads = options.threads;
    this.#failures = options.failures;
    this.#completion = options.completion;
    this.#drain = options.drain;
  }

  /** A grid of nothing would never be complete. */
  add(command: Command): void {
    if (command.total === 0) return;
    this.#waiting.push({ ...command, task: this.#failures.current });
    if (this.#pumping !== undefined) return;
    this.#fill();
    if (this.#waiting.length > 0) void this.#pump();
  }

  copy(from: Span, to: Span): void {
    const words = [from.from, to.from, from.to - from.from];
    this.add({ name: 'copy', kernel: copyCommand, total: unitsOf(from), words, reads: [from], writes: [to] });
  }

  clear(span: Span): void {
    this.add({
      name: 'clear',
      kernel: fillCommand,
      total: unitsOf(span),
      words: [span.from, span.to - span.from],
      reads: [],
      writes: [span],
    });
  }

  /** Whether every command is complete. */
  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#completion.hasReached(this.#published);
  }

  /** Resolves when every command that was added so far is complete. */
  async idle(): Promise<void> {
    if (this.#waiting.length > 0) await this.#pump();
    // The next command waits for them too, so that the count of completed ones says which those are.
    this.#mustWait = true;
    await this.#completion.reach(this.#published);
  }

  /** Drops what is not in the ring, and lets nobody wait any more. */
  abandon(): void {
    this.#waiting = [];
    this.#completion.end();
  }

  /** Blocks the thread until all is complete. Returns false, at once, where commands are not in the ring yet. */
  block(): boolean {
    if (this.#waiting.length > 0) return false;
    this.#completion.block(this.#published);
    return true;
  }

  taskOf(sequence: number): Task | undefined {
    return this.#tasks[sequence & (slots - 1)];
  }

  startTiming(): void {
    if (this.#times !== undefined) throw new Error('timed: kernels are being timed already');
    this.#times = new Map();
  }

  /** The most expensive kernel first. After `idle`. */
  stopTiming(): KernelTime[] {
    for (let index = 0; index < slots; index++) this.#collectTime(index);
    const times = [...this.#times!].map(([kernel, time]) => ({ kernel, ...time }));
    this.#times = undefined;
    return times.sort((a, b) => b.milliseconds - a.milliseconds);
  }

  /** Moves commands into the ring while there is room. */
  #fill(): void {
    let count = 0;
    while (count < this.#waiting.length && this.#hasRoom()) {
      this.#write(this.#waiting[count]!);
      count += 1;
    }
    if (count === 0) return;
    this.#waiting = this.#waiting.slice(count);
    const { control: words } = this.#queue;
    Atomics.store(words, control.published, this.#published);
    Atomics.notify(words, control.published);
  }

  /** A slot is free when every thread is through with the command that had it. */
  #hasRoom(): boolean {
    const { control: words } = this.#queue;
    for (let index = 0; index < this.#threads; index++) {
      const passed = Atomics.load(words, control.passed + index);
      if (((this.#published - passed) | 0) >= slots) return false;
    }
    return true;
  }

  /** Resolves when all that waits is in the ring. */
  #pump(): Promise<void> {
    this.#pumping ??= this.#pumpAll().finally(() => {
      this.#pumping = undefined;
    });
    return this.#pumping;
  }

  async #pumpAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      await this.#completion.reach((this.#published - slots / 2) | 0);
      // A thread may be a little behind what is complete.
      await new Promise((resolve) => setImmediate(resolve));
      this.#fill();
    }
  }

  #write({ name, kernel, total, words, reads, writes, task }: Recorded): void {
    // Errors name their tasks by slots, and this one gets another task.
    this.#drain();
    const sequence = this.#published;
    const index = sequence & (slots - 1);
    const { control: ring } = this.#queue;
    const at = slotAt(sequence);
    this.#collectTime(index);
    const isTimed = this.#times !== undefined;
    const waits = this.#hazards.mustWait(reads, writes) || this.#mustWait || isTimed;
    this.#mustWait = false;
    ring[at + slot.kernel] = kernel;
    ring[at + slot.total] = total;
    ring[at + slot.piece] = Math.max(1, Math.ceil(total / (this.#threads === 1 ? 1 : this.#threads * piecesOfThread)));
    ring[at + slot.next] = 0;
    ring[at + slot.done] = 0;
    ring[at + slot.waits] = waits ? 1 : 0;
    ring[at + slot.timed] = isTimed ? 1 : 0;
    if (kernel >= 0) {
      const record = this.#records + index * recordBytes;
      new Uint32Array(this.#memory.buffer, record, words.length).set(words);
      ring[at + slot.operands] = record;
    } else {
      for (const [i, word] of words.entries()) ring[at + slot.operands + i] = word;
    }
    this.#tasks[index] = task;
    this.#timedKernels[index] = isTimed ? name : undefined;
    this.#published = (sequence + 1) | 0;
  }

  #collectTime(index: number): void {
    const kernel = this.#timedKernels[index];
    if (kernel === undefined || this.#times === undefined) return;
    const [begin, end] = [this.#queue.times[index * 2]!, this.#queue.times[index * 2 + 1]!];
    const time = this.#times.get(kernel) ?? { calls: 0, milliseconds: 0 };
    this.#times.set(kernel, { calls: time.calls + 1, milliseconds: time.milliseconds + end - begin });
    this.#timedKernels[index] = undefined;
  }
}
