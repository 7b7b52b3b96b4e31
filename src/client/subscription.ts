/** Follows a subscription, and subscribes again when the connection breaks. */
import type { OperationText } from './documents.ts';
import { ApiError, unreachable } from './error.ts';
import { type Answer, dataOf } from './http.ts';

/** A subscription as it is asked for: from its beginning, or behind an event that was told before. */
export interface SubscriptionRequest {
  readonly operation: OperationText;
  readonly variables: unknown;
  readonly lastEventId: string | undefined;
}

/** One event, and by which name the server goes on behind it; undefined where it cannot. */
export interface SubscriptionEvent<Result> {
  readonly answer: Answer<Result>;
  readonly eventId: string | undefined;
}

/** How a connection ended: the server completed the subscription, or the connection broke. */
export type Outcome = 'complete' | 'broken';

/** Subscribes once. Throws {@link ApiError} if the server refuses the subscription or cannot be reached. */
export type Subscribe = <Result>(
  request: SubscriptionRequest,
  signal: AbortSignal | undefined,
) => AsyncGenerator<SubscriptionEvent<Result>, Outcome, undefined>;

export interface Persistence {
  readonly url: string;
  readonly subscribe: Subscribe;
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
  { url, subscribe, retryMs, retries }: Persistence,
  operation: OperationText,
  variables: unknown,
  signal: AbortSignal | undefined,
): AsyncGenerator<Result, void, undefined> {
  let lastEventId: string | undefined;
  let failures = 0;
  let connected = false;
  for (;;) {
    const events = subscribe<Result>({ operation, variables, lastEventId }, signal);
    let broken: unknown;
    try {
      for (;;) {
        const { value, done } = await events.next();
        if (done && value === 'complete') return;
        if (done) break;
        failures = 0;
        connected = true;
        const data = dataOf(value.answer);
        lastEventId = value.eventId ?? lastEventId;
        yield data;
      }
    } catch (error) {
      if (!connected || !(error instanceof ApiError) || error.cause === undefined) throw error;
      broken = error;
    } finally {
      await events.return('broken');
    }
    if (++failures > retries) throw broken ?? unreachable(url, undefined);
    await pause(Math.min(retryMs * 2 ** (failures - 1), 5_000), signal);
  }
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
