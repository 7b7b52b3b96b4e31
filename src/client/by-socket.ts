/**
 * Subscriptions over one WebSocket (the protocol of graphql-ws), which is opened by the first and closed behind the
 * last. Browsers allow six connections to a server over HTTP/1.1, in all tabs together, and hundreds of WebSockets.
 */
import { ApiError, type GraphQLFailure } from './error.ts';
import { type Answer, bodyOf, type Endpoint, headersOf } from './http.ts';
import type { Outcome, SubscriptionEvent, SubscriptionRequest } from './subscription.ts';

/** The part of the WebSocket of browsers, of Node 22, and of npm's ws that is used. */
export type WebSocketClass = new (url: string, protocol: string) => PlainSocket;

interface PlainSocket {
  readonly readyState: number;
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  send(text: string): void;
  close(code?: number): void;
}

type Message =
  | { readonly type: 'next'; readonly payload: Answer<never> & { readonly extensions?: { readonly eventId?: string } } }
  | { readonly type: 'error'; readonly payload: readonly GraphQLFailure[] }
  | { readonly type: 'complete' | 'broken' | 'aborted' };

interface Connection {
  readonly socket: PlainSocket;
  /** Whom the server took it for. */
  readonly authorization: string | undefined;
  /** Who takes the messages of an operation, by its id. */
  readonly takers: Map<string, (message: Message) => void>;
}

interface Opening {
  readonly connection: Connection;
  /**
   * Resolves once the server has acknowledged the connection; with null if it closes before, for a reason that may
   * pass. Rejects with {@link ApiError} if it is refused.
   */
  readonly opened: Promise<Connection | null>;
}

const isOpen = 1;
/** Between pings; a server that has told nothing since the last one is gone. */
const pingMs = 15_000;
/** How long a connection without operations stays. */
const idleMs = 1_000;
/** Events that wait for a reader; more are told again later, behind those that it has taken. */
const mostWaiting = 1_000;

export class SharedSocket {
  readonly #endpoint: Endpoint;
  readonly #WebSocket: WebSocketClass;
  /** Of the key that was sent last. */
  #newest: Opening | undefined;
  #hasOpened = false;
  #lastId = 0;

  constructor(endpoint: Endpoint, webSocket: WebSocketClass) {
    this.#endpoint = endpoint;
    this.#WebSocket = webSocket;
  }

  /** Ends as `unopened` where no WebSocket to the server has ever opened. */
  async *subscribe<Result>(
    request: SubscriptionRequest,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<SubscriptionEvent<Result>, Outcome | 'unopened', undefined> {
    const connection = await this.#connect(await headersOf(this.#endpoint.headers)).opened;
    signal?.throwIfAborted();
    if (!connection) return this.#hasOpened ? 'broken' : 'unopened';
    const { socket, takers } = connection;
    const id = String(++this.#lastId);
    const waiting: Message[] = [];
    let wake = (): void => {};
    const take = (message: Message): void => {
      waiting.push(message);
      if (waiting.length === mostWaiting) {
        waiting.push({ type: 'broken' });
        takers.delete(id);
      }
      wake();
    };
    const abort = (): void => take({ type: 'aborted' });
    let isOver = false;
    try {
      takers.set(id, take);
      signal?.addEventListener('abort', abort);
      socket.send(JSON.stringify({ id, type: 'subscribe', payload: bodyOf(request) }));
      for (;;) {
        const message = waiting.shift();
        if (message?.type === 'next') {
          const answer = message.payload as Answer<Result>;
          yield { answer, eventId: message.payload.extensions?.eventId };
        } else if (message?.type === 'aborted') signal?.throwIfAborted();
        else if (message) {
          isOver = takers.has(id);
          if (message.type === 'error') throw new ApiError(message.payload);
          return message.type;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      takers.delete(id);
      signal?.removeEventListener('abort', abort);
      if (!isOver && socket.readyState === isOpen) socket.send(JSON.stringify({ id, type: 'complete' }));
      setTimeout(() => this.#closeIdle(connection), idleMs);
    }
  }

  #closeIdle(connection: Connection): void {
    const { socket, takers } = connection;
    if (takers.size > 0 || socket.readyState !== isOpen) return;
    this.#forget(connection);
    socket.close(1000);
  }

  #forget(connection: Connection): void {
    if (this.#newest?.connection === connection) this.#newest = undefined;
  }

  /** The newest connection, or another one where the key is another by now. */
  #connect(payload: Record<string, string>): Opening {
    if (this.#newest?.connection.authorization !== payload['authorization']) this.#newest = undefined;
    this.#newest ??= this.#open(payload);
    return this.#newest;
  }

  #open(payload: Record<string, string>): Opening {
    const socket = new this.#WebSocket(this.#endpoint.url.replace(/^http/, 'ws'), 'graphql-transport-ws');
    const connection: Connection = { socket, authorization: payload['authorization'], takers: new Map() };
    let [heard, pings]: [boolean, ReturnType<typeof setInterval>?] = [true];
    const opened = new Promise<Connection | null>((resolve, reject) => {
      socket.onopen = () => socket.send(JSON.stringify({ type: 'connection_init', payload }));
      socket.onerror = () => {};
      socket.onmessage = ({ data }: { readonly data: unknown }) => {
        heard = true;
        const message = JSON.parse(String(data)) as { type: string; id: string };
        if (message.type === 'ping') socket.send('{"type":"pong"}');
        else if (message.type !== 'connection_ack') connection.takers.get(message.id)?.(message as unknown as Message);
        else {
          this.#hasOpened = true;
          resolve(connection);
          pings = setInterval(() => {
            if (!heard) return socket.close();
            heard = false;
            socket.send('{"type":"ping"}');
          }, pingMs);
        }
      };
      socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) => {
        clearInterval(pings);
        this.#forget(connection);
        const end = ending(code, reason);
        for (const take of [...connection.takers.values()]) take(end);
        if (end.type === 'error') reject(new ApiError(end.payload));
        else resolve(null);
      };
    });
    return { connection, opened };
  }
}

/** The server closes with 44xx what would be refused the next time as well. */
function ending(code: number, reason: string): Message {
  if (code < 4400 || code >= 4500) return { type: 'broken' };
  const message = `The server closed the connection: ${reason} (${code})`;
  return { type: 'error', payload: [{ message, extensions: code === 4401 ? { code: 'UNAUTHENTICATED' } : {} }] };
}
