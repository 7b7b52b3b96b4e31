/** The client itself: queries and mutations by fetch, subscriptions over one WebSocket or by server-sent events. */
import { subscribeByEvents } from './by-events.ts';
import { SharedSocket, type WebSocketClass } from './by-socket.ts';
import { type Executable, operationOf, type Subscribable } from './documents.ts';
import { ask, dataOf, type Endpoint, graphqlUrl, type HeadersOption, readAnswer } from './http.ts';
import { follow, type Subscribe } from './subscription.ts';
import { deleteUpload, type Upload, type UploadBody, upload } from './uploads.ts';

export interface ClientOptions {
  /** The server's address, with or without /graphql. */
  readonly url: string;
  /** Another fetch; default the platform's. */
  readonly fetch?: typeof globalThis.fetch;
  /**
   * Sent with each request, and as the payload of connection_init: an object, or what makes one for each. Another
   * `authorization` has a WebSocket of its own.
   */
  readonly headers?: HeadersOption;
  /**
   * What carries subscriptions, all of them over one connection; default the platform's WebSocket. Where there is none
   * (Node 20), with `false`, and where none can be opened, each has a connection of its own, by fetch.
   */
  readonly webSocket?: WebSocketClass | false;
  /** First pause before a broken subscription is made again, in milliseconds; doubles up to 5 s. Default 250. */
  readonly retryMs?: number;
  /** Attempts in a row without an event before a subscription gives up. Default 8. */
  readonly retries?: number;
}

interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface TandemClient {
  /** Address of the GraphQL endpoint. */
  readonly url: string;
  /**
   * Sends a query or a mutation and resolves with its data; a query, and a mutation under an idempotency key, a second
   * time where the connection closes without an answer. Throws `ApiError` if the answer has errors or no server
   * answers, and a TypeError for a subscription.
   */
  execute<Result, Variables>(
    document: Executable<Result, Variables>,
    variables: NoInfer<Variables>,
    options?: CallOptions,
  ): Promise<Result>;
  /**
   * Follows a subscription to its end. When the connection breaks it subscribes again; where the server numbers the
   * events, which it does if the field has an argument `after`, behind the last one that it yielded, whatever is
   * selected: none is lost or repeated.
   */
  subscribe<Result, Variables>(
    document: Subscribable<Result, Variables>,
    variables: NoInfer<Variables>,
    options?: CallOptions,
  ): AsyncGenerator<Result, void, undefined>;
  /**
   * Sends a file for an import. `path` is FOLDER/FILE, with one folder more at most; the answer has it as imports take
   * it. The same file may be sent again; another one under its path is a CONFLICT.
   */
  upload(path: string, body: UploadBody, options?: CallOptions): Promise<Upload>;
  /** Deletes a folder of files that were sent; whatever else the import folder has is not found. */
  deleteUpload(folder: string, options?: CallOptions): Promise<{ readonly path: string }>;
}

/** Connects to nothing yet: the first call does. */
export function createClient(options: ClientOptions): TandemClient {
  const { fetch = globalThis.fetch, headers, webSocket, retryMs = 250, retries = 8 } = options;
  const endpoint: Endpoint = { url: graphqlUrl(options.url), fetch, headers };
  const subscribe = subscriberOf(endpoint, webSocket ?? (globalThis as Platform).WebSocket ?? false);
  const persistence = { url: endpoint.url, subscribe, retryMs, retries };
  return {
    url: endpoint.url,
    async execute(document, variables, { signal } = {}) {
      const operation = operationOf(document);
      if (operation.kind === 'subscription') throw new TypeError('A subscription is followed by subscribe()');
      return dataOf(await readAnswer(await ask(endpoint, operation, variables, signal)));
    },
    subscribe: (document, variables, { signal } = {}) => follow(persistence, operationOf(document), variables, signal),
    upload: (path, body, { signal } = {}) => upload(endpoint, path, body, signal),
    deleteUpload: (folder, { signal } = {}) => deleteUpload(endpoint, folder, signal),
  };
}

interface Platform {
  readonly WebSocket?: WebSocketClass;
}

function subscriberOf(endpoint: Endpoint, webSocket: WebSocketClass | false): Subscribe {
  let socket = webSocket ? new SharedSocket(endpoint, webSocket) : undefined;
  return async function* (request, signal) {
    const outcome = socket ? yield* socket.subscribe<never>(request, signal) : 'unopened';
    if (outcome !== 'unopened') return outcome;
    // A browser does not tell why a WebSocket was refused; by fetch the server does. Where that one answers, something
    // between lets no WebSocket pass.
    const events = subscribeByEvents<never>(endpoint, request, signal, () => {
      socket = undefined;
    });
    return yield* events;
  };
}
