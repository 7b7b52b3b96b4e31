/** The client itself: queries and mutations by fetch, subscriptions by server-sent events with reconnection. */
import { ApiError, type GraphQLFailure, unreachable } from './error.ts';
import type { Operation } from './operation.ts';
import { readEvents } from './sse.ts';

export interface ClientOptions {
  /** The server's address, with or without /graphql. */
  readonly url: string;
  /** Another fetch; default the platform's. */
  readonly fetch?: typeof globalThis.fetch;
  /** First pause before a broken subscription is taken up again; doubles up to 5 s. Default 250 ms. */
  readonly retryMs?: number;
  /** Attempts in a row without an event before a subscription gives up. Default 8. */
  readonly retries?: number;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

type Executable<Result, Variables> = Operation<'query', Result, Variables> | Operation<'mutation', Result, Variables>;

export interface TandemClient {
  /** Address of the GraphQL endpoint. */
  readonly url: string;
  /** Sends a query or a mutation; throws {@link ApiError} if the answer has errors or there is no server. */
  execute<Result, Variables>(
    operation: Executable<Result, Variables>,
    variables: Variables,
    options?: CallOptions,
  ): Promise<Result>;
  /**
   * Follows a subscription to its end. A connection that breaks is taken up again; where the operation has a variable
   * `after` and its events a `seq`, behind the last event that was seen, so none is lost or doubled.
   */
  subscribe<Result, Variables>(
    operation: Operation<'subscription', Result, Variables>,
    variables: Variables,
    options?: CallOptions,
  ): AsyncGenerator<Result, void, undefined>;
}

interface Answer<Result> {
  readonly data?: Result | null;
  readonly errors?: readonly GraphQLFailure[];
}

interface Transport extends Required<ClientOptions> {
  readonly endpoint: string;
}

export function createClient(options: ClientOptions): TandemClient {
  const endpoint = endpointOf(options.url);
  const transport: Transport = { fetch: globalThis.fetch, retryMs: 250, retries: 8, ...options, endpoint };
  return {
    url: endpoint,
    async execute(operation, variables, call = {}) {
      const response = await post(transport, operation, variables, 'application/json', call.signal);
      return dataOf(await readAnswer(response));
    },
    subscribe: (operation, variables, call = {}) => follow(transport, operation, variables, call.signal),
  };
}

function endpointOf(url: string): string {
  const endpoint = new URL(url);
  if (endpoint.pathname === '/') endpoint.pathname = '/graphql';
  return endpoint.href;
}

async function post(
  { fetch, endpoint }: Transport,
  { text, name }: Operation<'query' | 'mutation' | 'subscription', unknown, unknown>,
  variables: unknown,
  accept: string,
  signal: AbortSignal | undefined,
): Promise<Response> {
  try {
    return await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept, 'x-graphql-yoga-csrf': 'tandem' },
      body: JSON.stringify({ query: text, operationName: name, variables }),
      signal: signal ?? null,
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw unreachable(endpoint, error);
  }
}

async function readAnswer<Result>(response: Response): Promise<Answer<Result>> {
  const text = await response.text();
  try {
    return JSON.parse(text) as Answer<Result>;
  } catch {
    throw new ApiError([{ message: `The server answered ${response.status}: ${text.slice(0, 200)}` }]);
  }
}

function dataOf<Result>({ data, errors }: Answer<Result>): Result {
  if (errors !== undefined && errors.length > 0) throw new ApiError(errors);
  if (data === undefined || data === null) throw new ApiError([{ message: 'The answer has neither data nor errors' }]);
  return data;
}

/** True = the server ended the subscription; false = the connection broke. */
type Outcome = boolean;

async function* follow<Result, Variables>(
  transport: Transport,
  operation: Operation<'subscription', Result, Variables>,
  variables: Variables,
  signal: AbortSignal | undefined,
): AsyncGenerator<Result, void, undefined> {
  let current = variables;
  let failures = 0;
  let connected = false;
  for (;;) {
    const stream = connectOnce(transport, operation, current, signal);
    let broken: unknown;
    try {
      for (;;) {
        const { value, done } = await stream.next();
        if (done && value) return;
        if (done) break;
        failures = 0;
        connected = true;
        current = behind(operation.text, current, value);
        yield value;
      }
    } catch (error) {
      if (!connected || !(error instanceof ApiError) || error.cause === undefined) throw error;
      broken = error;
    } finally {
      await stream.return(true);
    }
    if (++failures > transport.retries) throw broken ?? unreachable(transport.endpoint, undefined);
    await pause(Math.min(transport.retryMs * 2 ** (failures - 1), 5_000), signal);
  }
}

async function* connectOnce<Result, Variables>(
  transport: Transport,
  operation: Operation<'subscription', Result, Variables>,
  variables: Variables,
  signal: AbortSignal | undefined,
): AsyncGenerator<Result, Outcome, undefined> {
  const response = await post(transport, operation, variables, 'text/event-stream', signal);
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('text/event-stream') || response.body === null) {
    dataOf(await readAnswer(response));
    throw new ApiError([{ message: `The server answered ${type} instead of events` }]);
  }
  const events = readEvents(response.body);
  try {
    for (;;) {
      const next = await nextEvent(events, signal);
      if (next === null) return false;
      if (next.event === 'complete') return true;
      if (next.event === 'next') yield dataOf(JSON.parse(next.data) as Answer<Result>);
    }
  } finally {
    await events.return(undefined);
  }
}

/** null = the stream ended or broke without saying that it is complete. */
async function nextEvent(events: ReturnType<typeof readEvents>, signal: AbortSignal | undefined) {
  try {
    const { value, done } = await events.next();
    return done ? null : value;
  } catch {
    signal?.throwIfAborted();
    return null;
  }
}

/** The variables that go on behind an event; unchanged where the operation has no `after`. */
function behind<Variables>(text: string, variables: Variables, event: unknown): Variables {
  if (!/\$after\b/.test(text)) return variables;
  const [item] = Object.values(event as Record<string, unknown>);
  const seq = typeof item === 'object' && item !== null ? (item as { seq?: unknown }).seq : undefined;
  return typeof seq === 'number' ? { ...variables, after: seq } : variables;
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted) done();
  });
}
