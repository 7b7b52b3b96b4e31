/** One stream of server-sent events that carries the results of many operations (the single connection mode). */
import type { ServerResponse } from 'node:http';
import { comment, eventText, silenceMs } from '../../graphql/operations/event-stream.ts';
import { type OperationResults, runOperation } from '../../graphql/operations/run-operation.ts';
import type { GraphQLServer } from '../../graphql/server.ts';
import type { LoopTurns } from '../../live/turn.ts';
import type { Logger } from '../../log.ts';
import type { Caller } from '../../services/access/types.ts';
import type { Admitted } from '../callers.ts';
import { mostOperations, operationExists, refusalOf, tooManyOperations } from '../connection-refusals.ts';
import { drainOf, patienceMs } from '../drain.ts';
import { closing, type Refusal } from '../guard.ts';

export interface StreamOptions {
  readonly graphql: GraphQLServer;
  readonly logger: Logger;
  /** Aborts as soon as the server begins to stop: no operation begins any more. */
  readonly stopping: AbortSignal;
  /** Ends with the server. */
  readonly life: AbortSignal;
  /** Operations begin in turns. */
  readonly loop: LoopTurns;
}

export class EventStream {
  readonly #options: StreamOptions;
  readonly owner: Caller;
  readonly #held: AbortSignal;
  readonly #operations = new Map<string, AbortController>();
  readonly #opened: Promise<ServerResponse>;
  #open: (response: ServerResponse) => void = () => {};
  #response: ServerResponse | undefined;
  /** While the reader has not taken what was written. */
  #drained: Promise<void> | undefined;

  /** It belongs to a caller: nobody else reads it, or begins and ends operations on it. */
  constructor(options: StreamOptions, { caller, held }: Admitted) {
    this.#options = options;
    this.owner = caller;
    this.#held = held;
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  belongsTo({ bucket, role }: Caller): boolean {
    return this.owner.bucket === bucket && this.owner.role === role;
  }

  get isOpen(): boolean {
    return this.#response !== undefined;
  }

  /** Sends from now on to this response, whose head was written. Resolves when reader, server or key are gone. */
  async open(response: ServerResponse): Promise<void> {
    this.#response = response;
    response.write(comment);
    const silence = setInterval(() => this.#drained || response.write(comment), silenceMs);
    this.#open(response);
    const ending = AbortSignal.any([this.#options.life, this.#held]);
    await new Promise<void>((resolve) => {
      response.once('close', resolve);
      ending.addEventListener('abort', () => resolve());
      // The key may have ended since the stream was reserved, and hold again.
      if (response.destroyed || ending.aborted) resolve();
    });
    clearInterval(silence);
    this.end();
    response.end();
  }

  /** Begins an operation, whose JSON this is. Null = its results go to the stream. */
  async start(id: string, body: Uint8Array<ArrayBuffer>): Promise<Refusal | null> {
    const { graphql, stopping, life, logger, loop } = this.#options;
    if (stopping.aborted) return closing();
    if (this.#operations.has(id)) return operationExists(id);
    if (this.#operations.size >= mostOperations) return tooManyOperations();
    const operation = new AbortController();
    this.#operations.set(id, operation);
    const signal = AbortSignal.any([operation.signal, life, this.#held]);
    try {
      await loop.take();
      signal.throwIfAborted();
      const { refusals, results } = await runOperation(graphql, body, {
        ...{ caller: this.owner, connection: 'event-stream', signal, stopping },
      });
      if (refusals.length > 0) {
        this.stop(id);
        return refusalOf(refusals);
      }
      void this.#send(id, results, signal).catch((error: unknown) => {
        if (!signal.aborted) logger.error({ err: error }, 'an operation of an event stream failed');
        this.#response?.destroy();
      });
      return null;
    } catch (error) {
      this.stop(id);
      if (!signal.aborted) throw error;
      return null;
    }
  }

  /** Ends an operation without another event. */
  stop(id: string): void {
    this.#operations.get(id)?.abort();
    this.#operations.delete(id);
  }

  /** Ends all operations. */
  end(): void {
    for (const id of [...this.#operations.keys()]) this.stop(id);
  }

  /** An operation makes its next result after the reader has taken the one before. */
  async #send(id: string, results: OperationResults, signal: AbortSignal): Promise<void> {
    for await (const payload of results) {
      if (!signal.aborted) await this.#write(eventText('next', JSON.stringify({ id, payload })));
    }
    if (signal.aborted) return;
    this.#operations.delete(id);
    await this.#write(eventText('complete', JSON.stringify({ id })));
  }

  async #write(text: string): Promise<void> {
    const response = await this.#opened;
    while (this.#drained) await this.#drained;
    if (response.destroyed || response.writableEnded || response.write(text)) return;
    this.#drained = drainOf(response, patienceMs).finally(() => {
      this.#drained = undefined;
    });
    await this.#drained;
  }
}
