/** The client itself: queries and mutations by fetch, subscriptions by server-sent events. */
import { type Executable, operationOf, type Subscribable } from './documents.ts';
import { ask, dataOf, graphqlUrl, readAnswer } from './http.ts';
import { follow, type SubscriptionEndpoint } from './subscription.ts';

export interface ClientOptions {
  /** The server's address, with or without /graphql. */
  readonly url: string;
  /** Another fetch; default the platform's. */
  readonly fetch?: typeof globalThis.fetch;
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
   * Follows a subscription to its end. When the connection breaks it subscribes again; where the operation has a
   * variable `after` and its events a `seq`, after the last event that it yielded, so that none is lost or repeated.
   */
  subscribe<Result, Variables>(
    document: Subscribable<Result, Variables>,
    variables: NoInfer<Variables>,
    options?: CallOptions,
  ): AsyncGenerator<Result, void, undefined>;
}

/** Connects to nothing yet: the first call does. */
export function createClient(options: ClientOptions): TandemClient {
  const { fetch = globalThis.fetch, retryMs = 250, retries = 8 } = options;
  const endpoint: SubscriptionEndpoint = { url: graphqlUrl(options.url), fetch, retryMs, retries };
  return {
    url: endpoint.url,
    async execute(document, variables, { signal } = {}) {
      const operation = operationOf(document);
      if (operation.kind === 'subscription') throw new TypeError('A subscription is followed by subscribe()');
      return dataOf(await readAnswer(await ask(endpoint, operation, variables, signal)));
    },
    subscribe: (document, variables, { signal } = {}) => follow(endpoint, operationOf(document), variables, signal),
  };
}
