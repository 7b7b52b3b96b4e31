/** The computing threads of a device: how many, their start and their end. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { workerEntry } from '../../assets.ts';
import type { ComputeData, ErrorMessage, KernelMessage } from './compute-thread.ts';
import { control, mostThreads, type SharedQueue } from './ring.ts';

/** How long threads may take to end before they are terminated: the longest piece of a command takes less. */
const patienceMs = 5_000;

/** CPU cores that the machine, the affinity and the cgroup (version 2) give this process, at least 1. */
export function availableCores(quota = readQuota('/sys/fs/cgroup/cpu.max')): number {
  return Math.max(1, Math.min(availableParallelism(), mostThreads, quota));
}

/** Cores of a cgroup's quota, rounded up; Infinity where there is none. */
export function readQuota(path: string): number {
  try {
    const [quota, period] = readFileSync(path, 'utf8').trim().split(' ');
    return quota === 'max' ? Number.POSITIVE_INFINITY : Math.ceil(Number(quota) / Number(period)) || 1;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

export interface ThreadsOptions {
  readonly count: number;
  readonly queue: SharedQueue;
  readonly memory: WebAssembly.Memory;
  /** Address of the first thread's scratch memory, and bytes of each. */
  readonly scratch: { readonly address: number; readonly bytes: number };
  readonly onError: (error: ErrorMessage) => void;
  /** A thread has ended by itself. */
  readonly onDeath: (reason: string) => void;
}

export class ComputeThreads {
  readonly #queue: SharedQueue;
  readonly #ports: MessagePort[] = [];
  readonly #workers: Worker[] = [];
  readonly #ended: Promise<void>[] = [];
  readonly #onError: (error: ErrorMessage) => void;
  /** Errors that were reported. */
  #errors = 0;
  #isClosing = false;

  constructor({ count, queue, memory, scratch, onError, onDeath }: ThreadsOptions) {
    this.#queue = queue;
    this.#onError = onError;
    for (let index = 0; index < count; index++) {
      const { port1, port2 } = new MessageChannel();
      const data: ComputeData = {
        ...queue,
        memory,
        index,
        scratch: scratch.address + index * scratch.bytes,
        port: port2,
      };
      const worker = new Worker(workerEntry('compute'), {
        workerData: data,
        transferList: [port2],
        name: `compute ${index}`,
      });
      port1.on('message', (error: ErrorMessage) => this.#receive(error));
      port1.unref();
      worker.unref();
      this.#ended.push(
        new Promise((resolve) => {
          worker.once('error', (error) => this.#isClosing || onDeath(error.message));
          worker.once('exit', (code) => {
            if (!this.#isClosing) onDeath(`a computing thread ended with ${code}`);
            resolve();
          });
        }),
      );
      this.#ports.push(port1);
      this.#workers.push(worker);
    }
  }

  get count(): number {
    return this.#workers.length;
  }

  /** Before any command names it. */
  load(kernel: KernelMessage): void {
    for (const port of this.#ports) port.postMessage(kernel);
  }

  /** Whether the process stays alive for them. */
  hold(isHeld: boolean): void {
    for (const worker of this.#workers) {
      if (isHeld) worker.ref();
      else worker.unref();
    }
  }

  /** Reports the errors of all commands that are complete, which events would tell only later. */
  drain(): void {
    // A thread that was ended by force may have counted an error that it did not send.
    const until = Date.now() + 1_000;
    while (Atomics.load(this.#queue.control, control.errors) !== this.#errors && Date.now() < until) {
      for (const port of this.#ports) {
        const received = receiveMessageOnPort(port) as { message: ErrorMessage } | undefined;
        if (received !== undefined) this.#receive(received.message);
      }
    }
  }

  #receive(error: ErrorMessage): void {
    this.#errors += 1;
    this.#onError(error);
  }

  /** Ends the threads after the pieces that they compute now. Resolves when they are gone. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const { control: words } = this.#queue;
    Atomics.store(words, control.stop, 1);
    // Whoever sleeps looks again.
    for (const word of [control.published, control.completed]) {
      Atomics.add(words, word, 1);
      Atomics.notify(words, word);
    }
    this.hold(true);
    const terminate = setTimeout(() => {
      for (const worker of this.#workers) void worker.terminate();
    }, patienceMs);
    await Promise.all(this.#ended);
    clearTimeout(terminate);
    for (const port of this.#ports) port.close();
  }
}
