/**
 * Typed calls between the main thread and its worker threads. `connect` stands in the main thread, `answer` in the
 * worker; the messages are typed by workers/protocol.ts. It carries messages and knows nothing of what they mean.
 */
import { type MessagePort, parentPort, type Transferable, type Worker } from 'node:worker_threads';
import {
  fromPlainError,
  invariant,
  type PlainError,
  type TandemError,
  toPlainError,
  unavailable,
} from '../src/errors.ts';
import { inSpan, traceContext } from '../src/observe/tracing.ts';
import type { Command } from './protocol.ts';

/** A type whose every member is a {@link Command}. */
export type CommandSet<C> = { readonly [K in keyof C]: Command<unknown, unknown, unknown> };

type Name<C> = keyof C & string;
type InputOf<C, K extends keyof C> = C[K] extends { readonly input: infer I } ? I : never;
type OutputOf<C, K extends keyof C> = C[K] extends { readonly output: infer O } ? O : never;
type EventOf<C, K extends keyof C> = C[K] extends { readonly event: infer E } ? E : never;

type Down =
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly name: string;
      readonly input: unknown;
      readonly abort?: PlainError;
      /** The span of the caller, as `traceparent`; absent = none is recorded. */
      readonly trace?: string;
    }
  | { readonly kind: 'abort'; readonly id: number; readonly reason?: PlainError }
  | { readonly kind: 'close' };

type Call = Extract<Down, { kind: 'call' }>;

type Up =
  | { readonly kind: 'event'; readonly id: number; readonly event: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly output: unknown }
  | { readonly kind: 'error'; readonly id: number; readonly error: PlainError };

// ---- in the thread -----------------------------------------------------------------------------------------------

interface HandlerContext<Event> {
  /** Aborted when the caller wants no more; the handler decides how and with what answer it stops. */
  readonly signal: AbortSignal;
  emit(event: Event, transfer?: readonly Transferable[]): void;
  /** Names buffers of the answer that may be moved instead of copied. */
  transfer(...buffers: Transferable[]): void;
}

export type Handlers<C> = {
  readonly [K in keyof C]: (
    input: InputOf<C, K>,
    context: HandlerContext<EventOf<C, K>>,
  ) => Promise<OutputOf<C, K>> | OutputOf<C, K>;
};

type AnyHandler = (input: unknown, context: HandlerContext<unknown>) => unknown;

/**
 * Answers calls until the main thread closes the connection; then every running handler is aborted and awaited,
 * `onClose` runs (free the device there), and the port is let go so that the thread can exit.
 */
export function answer<C extends CommandSet<C>>(
  handlers: Handlers<C>,
  { port = parentPort, onClose }: { port?: MessagePort | null; onClose?: () => Promise<void> | void } = {},
): void {
  invariant(port, 'answer() was called outside a worker thread');
  let closing = false;
  const running = new Map<number, { readonly stop: AbortController; readonly done: Promise<void> }>();

  async function run({ id, name, input, trace }: Call, signal: AbortSignal): Promise<void> {
    const moved: Transferable[] = [];
    const post = (message: Up, transfer: readonly Transferable[]): void => port!.postMessage(message, transfer);
    try {
      // What a handler would use may be gone already.
      if (closing) throw unavailable('The thread is closing and takes no more calls', { field: name });
      const handler = Object.hasOwn(handlers, name) ? (handlers[name as Name<C>] as AnyHandler) : undefined;
      invariant(handler, `A thread was sent the unknown command "${name}"`);
      const output = await inSpan(name, { kind: 'server', parent: trace ?? null }, async () =>
        handler(input, {
          signal,
          emit: (event, transfer = []) => post({ kind: 'event', id, event }, transfer),
          transfer: (...buffers) => void moved.push(...buffers),
        }),
      );
      post({ kind: 'answer', id, output }, moved);
    } catch (error) {
      post({ kind: 'error', id, error: toPlainError(error) }, []);
    }
  }

  function start(message: Call): void {
    const stop = new AbortController();
    if (message.abort) stop.abort(fromPlainError(message.abort));
    const done = run(message, stop.signal).finally(() => running.delete(message.id));
    running.set(message.id, { stop, done });
  }

  async function close(): Promise<void> {
    closing = true;
    const open = [...running.values()];
    for (const { stop } of open) stop.abort();
    await Promise.all(open.map(({ done }) => done));
    try {
      await onClose?.();
    } catch (error) {
      // The thread ends all the same; an unhandled rejection would make a crash of it.
      console.error('A thread could not clean up after itself:', error);
    } finally {
      port!.close();
    }
  }

  port.on('message', (message: Down) => {
    if (message.kind === 'call') start(message);
    else if (message.kind === 'close') void close();
    else running.get(message.id)?.stop.abort(message.reason && fromPlainError(message.reason));
  });
}

// ---- in the main thread ------------------------------------------------------------------------------------------

interface CallOptions<Event> {
  /** Sends an abort to the handler; the call still ends with what the handler returns. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: Event) => void;
  /** Buffers of the input that are moved instead of copied. */
  readonly transfer?: readonly Transferable[];
}

export interface Connection<C> {
  call<K extends Name<C>>(name: K, input: InputOf<C, K>, options?: CallOptions<EventOf<C, K>>): Promise<OutputOf<C, K>>;
  /** Why every call is refused: the thread died, or was closed. Undefined = it lives. */
  readonly death: TandemError | undefined;
  /** Resolves when the thread has ended. */
  readonly ended: Promise<void>;
  /**
   * Asks the thread to end; after `graceMs` it is ended by force. Open calls that are not answered by then are
   * rejected.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

interface OpenCall {
  resolve(output: unknown): void;
  reject(error: unknown): void;
  onEvent?(event: unknown): void;
}

const startAgain = 'Start Tandem again; its log says what happened.';

/**
 * Speaks to a thread that runs {@link answer}. Several calls may be open at once. `label` names the thread in errors,
 * `remedy` says what to do when it has died.
 */
export function connect<C extends CommandSet<C>>(worker: Worker, label = 'worker', remedy = startAgain): Connection<C> {
  const open = new Map<number, OpenCall>();
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let next = 1;
  let death: TandemError | undefined;

  function die(message: string, cause?: unknown): void {
    death ??= unavailable(message, { field: label, remedy });
    if (cause !== undefined) death.cause ??= cause;
    for (const call of open.values()) call.reject(death);
    open.clear();
  }

  worker.on('message', (message: Up) => {
    const call = open.get(message.id);
    if (!call) return;
    if (message.kind === 'event') return deliver(message.id, call, message.event);
    open.delete(message.id);
    if (message.kind === 'answer') call.resolve(message.output);
    else call.reject(fromPlainError(message.error));
  });
  worker.on('error', (error) => die(`The ${label} thread failed: ${describe(error)}`, error));
  worker.on('messageerror', (error) => {
    die(`A message of the ${label} thread could not be read: ${describe(error)}`);
    // The call that it answered is not known, and nobody would speak to it any more.
    void worker.terminate();
  });
  worker.on('exit', (code) => die(`The ${label} thread has ended (exit code ${code})`));

  /** A listener that throws ends its call: the work is aborted and the caller gets the error. */
  function deliver(id: number, call: OpenCall, event: unknown): void {
    try {
      call.onEvent?.(event);
    } catch (error) {
      open.delete(id);
      worker.postMessage({ kind: 'abort', id } satisfies Down);
      call.reject(error);
    }
  }

  function call(name: string, input: unknown, { signal, onEvent, transfer = [] }: CallOptions<never> = {}) {
    if (death) return Promise.reject(death);
    const id = next++;
    const abort = (): void =>
      worker.postMessage({ kind: 'abort', id, reason: toPlainError(signal?.reason) } satisfies Down);
    const answered = new Promise<unknown>((resolve, reject) => {
      const before = signal?.aborted ? { abort: toPlainError(signal.reason) } : {};
      const trace = traceContext();
      const message: Call = { kind: 'call', id, name, input, ...before, ...(trace !== undefined && { trace }) };
      worker.postMessage(message, transfer);
      open.set(id, { resolve, reject, ...(onEvent && { onEvent: onEvent as (event: unknown) => void }) });
      signal?.addEventListener('abort', abort, { once: true });
    });
    return answered.finally(() => signal?.removeEventListener('abort', abort));
  }

  return {
    call: call as Connection<C>['call'],
    get death() {
      return death;
    },
    ended: exited,
    async close({ graceMs = 5_000 } = {}) {
      if (death === undefined) worker.postMessage({ kind: 'close' } satisfies Down);
      const force = setTimeout(() => void worker.terminate(), graceMs);
      await exited.finally(() => clearTimeout(force));
    },
  };
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
