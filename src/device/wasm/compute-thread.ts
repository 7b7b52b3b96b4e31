/**
 * A thread that computes: walks through the commands of the ring and runs pieces of them. Started by threads.ts with
 * {@link ComputeData}; it has no event loop and ends when `stop` is set.
 */
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { control, copyCommand, hasReached, type SharedQueue, sharedNow, slot, slotAt, unitBytes } from './ring.ts';

export interface ComputeData extends SharedQueue {
  readonly memory: WebAssembly.Memory;
  /** Of this thread among all of them. */
  readonly index: number;
  /** Address of this thread's scratch memory. */
  readonly scratch: number;
  /** Kernels come here before commands name them; errors go there. */
  readonly port: MessagePort;
}

/** A kernel that was compiled, by the number that commands have. */
export interface KernelMessage {
  readonly kernel: number;
  readonly name: string;
  readonly bindings: readonly string[];
  readonly module: WebAssembly.Module;
}

export interface ErrorMessage {
  readonly sequence: number;
  readonly message: string;
}

type Run = (command: number, scratch: number, first: number, last: number) => void;

/** Looks before a thread sleeps: some microseconds. */
const spins = 2_000;

const { control: words, times, memory, index, scratch, port } = workerData as ComputeData;
const kernels: { readonly name: string; readonly run: Run }[] = [];

const isStopped = (): boolean => Atomics.load(words, control.stop) !== 0;

/** Sleeps while the word has that value. */
function waitWhile(word: number, isEarly: (value: number) => boolean): void {
  for (let turn = 0; ; turn++) {
    const value = Atomics.load(words, word);
    if (!isEarly(value)) return;
    if (turn > spins) Atomics.wait(words, word, value);
  }
}

function load(): void {
  const received = receiveMessageOnPort(port) as { message: KernelMessage } | undefined;
  if (received === undefined) return;
  const { kernel, name, bindings, module } = received.message;
  const outside = (binding: number, at: number, limit: number): never => {
    const where = bindings[binding] ?? 'memory of its own';
    throw new Error(`element ${at >>> 0} of ${where}, which has ${limit >>> 0}`);
  };
  try {
    const { exports } = new WebAssembly.Instance(module, { device: { memory, outside } });
    kernels[kernel] = { name, run: exports['run'] as Run };
  } catch (error) {
    // Whoever runs it is told.
    const run = (): never => {
      throw error;
    };
    kernels[kernel] = { name, run };
  }
}

function kernelOf(number: number): { readonly name: string; readonly run: Run } {
  while (kernels[number] === undefined) load();
  return kernels[number];
}

const operand = (at: number, i: number): number => words[at + slot.operands + i]! >>> 0;

/**
 * Waits until this thread sees memory that another one has added: it learns of that only at a turn of a loop, and a
 * copy within the shorter view would do nothing and say nothing.
 */
function bytesUpTo(end: number): Uint8Array {
  for (;;) if (memory.buffer.byteLength >= end) return new Uint8Array(memory.buffer);
}

/** Zeros: a view of eight bytes at a time, because V8 fills shared memory element by element. */
function clear(bytes: Uint8Array, from: number, to: number): void {
  const whole = from % 8 === 0 ? from + Math.floor((to - from) / 8) * 8 : from;
  new Float64Array(bytes.buffer, from - (from % 8), Math.floor((whole - from) / 8)).fill(0);
  bytes.fill(0, whole, to);
}

function runPiece(at: number, first: number, last: number): void {
  const number = words[at + slot.kernel]!;
  if (number >= 0) {
    kernelOf(number).run(operand(at, 0), scratch, first, last);
    return;
  }
  const [begin, limit] = [first * unitBytes, last * unitBytes];
  if (number === copyCommand) {
    const [from, to, end] = [operand(at, 0), operand(at, 1), Math.min(limit, operand(at, 2))];
    bytesUpTo(Math.max(from, to) + end).copyWithin(to + begin, from + begin, from + end);
  } else {
    const [to, end] = [operand(at, 0), Math.min(limit, operand(at, 1))];
    clear(bytesUpTo(to + end), to + begin, to + end);
  }
}

function tell(sequence: number, at: number, error: unknown): void {
  const name = kernels[words[at + slot.kernel]!]?.name ?? 'copy';
  const message: ErrorMessage = {
    sequence,
    message: `kernel ${name}: ${error instanceof Error ? error.message : error}`,
  };
  // Counted first: whoever sees the count waits for the message.
  Atomics.add(words, control.errors, 1);
  port.postMessage(message);
}

function complete(): void {
  const completed = (Atomics.add(words, control.completed, 1) + 1) | 0;
  Atomics.notify(words, control.completed);
  if (completed !== Atomics.load(words, control.wanted)) return;
  Atomics.add(words, control.signal, 1);
  Atomics.notify(words, control.signal);
}

function work(sequence: number): void {
  const at = slotAt(sequence);
  if (words[at + slot.waits] !== 0) {
    waitWhile(control.completed, (completed) => !hasReached(completed, sequence) && !isStopped());
    if (isStopped()) return;
  }
  const [total, piece] = [words[at + slot.total]!, words[at + slot.piece]!];
  for (;;) {
    const first = Atomics.add(words, at + slot.next, piece);
    if (first >= total || isStopped()) return;
    const last = Math.min(first + piece, total);
    const isTimed = words[at + slot.timed] !== 0;
    const clock = (sequence & (times.length / 2 - 1)) * 2;
    if (isTimed && first === 0) times[clock] = sharedNow();
    try {
      runPiece(at, first, last);
    } catch (error) {
      tell(sequence, at, error);
    }
    const count = last - first;
    if (Atomics.add(words, at + slot.done, count) + count === total) {
      if (isTimed) times[clock + 1] = sharedNow();
      complete();
    }
  }
}

for (let sequence = 0; ; sequence = (sequence + 1) | 0) {
  waitWhile(control.published, (published) => published === sequence && !isStopped());
  if (isStopped()) break;
  work(sequence);
  Atomics.store(words, control.passed + index, (sequence + 1) | 0);
}
port.close();
