/** Follows a subscription over server-sent events, and subscribes again when the connection breaks. */
import type { OperationText } from './documents.ts';
import { ApiError, unreachable } from './error.ts';
import { readEvents, type ServerEvent } from './event-stream.ts';
import { type Answer, dataOf, type Endpoint, post, readAnswer } from './http.ts';

export interface SubscriptionEndpoint extends Endpoint {
  /** First pause before it subscribes again; doubles up to 5 s. */
  readonly retryMs: number;
  /** Attempts in a row without an event before it gives up. */
  readonly retries: number;
}

/**
 * Yields the subscription's events until the server completes it. Throws {@link ApiError} if the server refuses it,
 * or if the connection broke and could not be made again.
 */
export async function* follow<Result>(
  endpoint: SubscriptionEndpoint,
  operation: OperationText,
  variables: unknown,
  signal: AbortSignal | undefined,
): AsyncGenerator<Result, void, undefined> {
  let current = variables;
  let failures = 0;
  let connected = false;
  for (;;) {
    const stream = connectOnce<Result>(endpoint, operation, current, signal);
    let broken: unknown;
    try {
      for (;;) {
        const { value, done } = await stream.next();
        if (done && value === 'complete') return;
        if (done) break;
        failures = 0;
        connected = true;
        current = variablesAfter(operation.text, current, value);
        yield value;
      }
    } catch (error) {
      if (!connected || !(error instanceof ApiError) || error.cause === undefined) throw error;
      broken = error;
    } finally {
      await stream.return('broken');
    }
    if (++failures > endpoint.retries) throw broken ?? unreachable(endpoint.url, undefined);
    await pause(Math.min(endpoint.retryMs * 2 ** (failures - 1), 5_000), signal);
  }
}

/** How a connection ended: the server completed the subscription, or the connection broke. */
type Outcome = 'complete' | 'broken';

async function* connectOnce<Result>(
  endpoint: SubscriptionEndpoint,
  operation: OperationText,
  variables: unknown,
  signal: AbortSignal | undefined,
): AsyncGenerator<Result, Outcome, undefined> {
  const response = await post(endpoint, operation, variables, 'text/event-stream', signal);
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('text/event-stream') || response.body === null) {
    dataOf(await readAnswer(response));
    throw new ApiError([{ message: `The server answered ${type} instead of events` }]);
  }
  const events = readEvents(response.body);
  try {
    for (;;) {
      const next = await nextEvent(events, signal);
      if (next === null) return 'broken';
      if (next.event === 'complete') return 'complete';
      if (next.event === 'next') yield dataOf(JSON.parse(next.data) as Answer<Result>);
    }
  } finally {
    await events.return(undefined);
  }
}

/** The next event; null where the stream ended or broke without the event `complete`. */
async function nextEvent(
  events: AsyncGenerator<ServerEvent>,
  signal: AbortSignal | undefined,
): Promise<ServerEvent | null> {
  try {
    const { value, done } = await events.next();
    return done ? null : value;
  } catch {
    signal?.throwIfAborted();
    return null;
  }
}

/**
 * The variables that continue after an event, which says its `seq`, or as a job its `lastSeq`; unchanged where the
 * operation has no variable `after`.
 */
function variablesAfter(text: string, variables: unknown, event: unknown): unknown {
  if (!/\$after\b/.test(text)) return variables;
  const [item] = Object.values(event as Record<string, unknown>);
  const { seq: own, lastSeq } = (item ?? {}) as { readonly seq?: unknown; readonly lastSeq?: unknown };
  const seq = own ?? lastSeq;
  return typeof seq === 'number' ? { ...(variables as object), after: seq } : variables;
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
