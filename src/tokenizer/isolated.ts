/**
 * A tokenizer in a process of its own, for a tokenizer.json that may abort its process on some text or never end. The
 * process is started when it is needed and ends when it is idle; one that dies or takes too long costs the call that it
 * had, which rejects with a typed error, and the next call starts another.
 */
import { type ChildProcess, type ExecFileException, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { workerEntry } from '../assets.ts';
import { fromPlainError, limitExceeded } from '../errors.ts';
import { bareEnvironment } from './bare-environment.ts';
import type { Facts, IsolatedAnswer, IsolatedRequest } from './isolated-protocol.ts';
import { type EncodedText, inChunks, Serial, type Tokenizer, type TokensWithOffsets } from './tokenizer.ts';
import { processFailure } from './trial.ts';

export interface IsolationTimes {
  /** For one chunk of texts; some 250,000 characters take less than a second. */
  readonly chunkMs?: number;
  /** For starting and loading. */
  readonly openMs?: number;
  /** After which a process that nobody asks is ended. */
  readonly idleMs?: number;
}

/** Loads it once, so that the errors of the file itself are reported here. */
export async function openIsolated(json: string, label: string, times: IsolationTimes = {}): Promise<Tokenizer> {
  const place = new Place(json, label, times);
  const serial = new Serial();
  const { vocabularySize, specialTokens } = await serial.run(() => place.facts());
  return {
    vocabularySize,
    specialTokens,
    encode: (texts, options) =>
      inChunks(
        serial,
        texts,
        ({ text }) => text.length,
        (chunk, begin) => {
          const first = (options.first ?? 0) + begin;
          return place.ask<EncodedText>({ kind: 'encode', texts: chunk, options: { ...options, first } });
        },
      ),
    tokenize: (texts) =>
      inChunks(
        serial,
        texts,
        ({ length }) => length,
        (chunk) => place.ask<TokensWithOffsets>({ kind: 'tokenize', texts: chunk }),
      ),
  };
}

/** Characters of a process's error output that are kept: a panic stands at its end. */
const keptOutput = 16_384;

/** The process, if there is one. Asked for one thing at a time. */
class Place {
  readonly #json: string;
  readonly #label: string;
  readonly #times: Required<IsolationTimes>;
  #child: ChildProcess | undefined;
  #stderr = '';
  #idle: NodeJS.Timeout | undefined;

  constructor(json: string, label: string, times: IsolationTimes) {
    this.#json = json;
    this.#label = label;
    this.#times = { chunkMs: 30_000, openMs: 120_000, idleMs: 600_000, ...times };
  }

  async facts(): Promise<Facts> {
    try {
      return await this.#open();
    } finally {
      this.#rest();
    }
  }

  async ask<T>(request: IsolatedRequest): Promise<readonly T[]> {
    clearTimeout(this.#idle);
    try {
      // One that died while nobody asked costs nobody anything.
      if (this.#child?.connected) this.#keep(this.#child);
      else await this.#open();
      return (await this.#send(request, this.#times.chunkMs)) as readonly T[];
    } finally {
      this.#rest();
    }
  }

  #open(): Promise<Facts> {
    this.#start();
    const request = { kind: 'open', json: this.#json, label: this.#label } as const;
    return this.#send(request, this.#times.openMs) as Promise<Facts>;
  }

  #start(): void {
    const child = fork(workerEntry('tokenizer-isolated'), {
      env: bareEnvironment(),
      execArgv: [],
      serialization: 'advanced',
      stdio: ['pipe', 'ignore', 'pipe', 'ipc'],
    });
    this.#stderr = '';
    (child.stderr as Socket | null)?.unref();
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-keptOutput);
    });
    // Writing to a process that has died says nothing that its end does not.
    child.stdin?.on('error', () => {});
    child.on('error', () => {});
    child.once('close', () => {
      if (this.#child === child) this.#child = undefined;
    });
    this.#child = child;
  }

  #send(request: IsolatedRequest, longestMs: number): Promise<unknown> {
    const child = this.#child as ChildProcess;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        finish(() => reject(tooLong(this.#label, longestMs)));
        this.#end();
      }, longestMs);
      const onMessage = (answer: IsolatedAnswer): void =>
        finish(() => ('output' in answer ? resolve(answer.output) : reject(fromPlainError(answer.error))));
      const onClose = (code: number | null, signal: NodeJS.Signals | null): void => {
        const message = `its process ended with exit code ${code}`;
        const end = { name: 'Error', message, code, signal, stderr: this.#stderr } as unknown as ExecFileException;
        finish(() => reject(processFailure(this.#label, end)));
      };
      const onError = (error: Error): void => finish(() => reject(processFailure(this.#label, error)));
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('close', onClose).off('error', onError);
        settle();
      };
      child.on('message', onMessage).on('close', onClose).on('error', onError);
      child.send(request, (error) => {
        // A process that has died says why when its output is closed.
        if (error && child.exitCode === null && child.signalCode === null) onError(error);
      });
    });
  }

  /** While it is asked it keeps the thread alive. */
  #keep(child: ChildProcess): void {
    child.ref();
    child.channel?.ref();
  }

  /** Ends the process after a while. Neither it nor the timer keeps the thread alive. */
  #rest(): void {
    if (!this.#child) return;
    this.#idle = setTimeout(() => this.#end(), this.#times.idleMs).unref();
    this.#child.unref();
    this.#child.channel?.unref();
  }

  #end(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

const tooLong = (label: string, ms: number) =>
  limitExceeded(`The tokenizer ${label} took longer than ${ms / 1_000} s`, {
    field: label,
    expected: 'a tokenizer.json whose patterns end soon on every text',
    remedy: 'Send other texts, or save the model with a tokenizer whose patterns do not backtrack.',
  });
