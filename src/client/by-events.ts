/** A subscription over server-sent events, on a connection of its own. */
import { ApiError } from './error.ts';
import { readEvents, type ServerEvent } from './event-stream.ts';
import { type Answer, dataOf, type Endpoint, post, readAnswer } from './http.ts';
import type { Outcome, SubscriptionEvent, SubscriptionRequest } from './subscription.ts';

export async function* subscribeByEvents<Result>(
  endpoint: Endpoint,
  request: SubscriptionRequest,
  signal: AbortSignal | undefined,
  onOpen: () => void,
): AsyncGenerator<SubscriptionEvent<Result>, Outcome, undefined> {
  const response = await post(endpoint, request, 'text/event-stream', signal);
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('text/event-stream') || response.body === null) {
    dataOf(await readAnswer(response));
    throw new ApiError([{ message: `The server answered ${type} instead of events` }]);
  }
  onOpen();
  const events = readEvents(response.body);
  try {
    for (;;) {
      const next = await nextEvent(events, signal);
      if (next === null) return 'broken';
      if (next.event === 'complete') return 'complete';
      if (next.event === 'next') yield { answer: JSON.parse(next.data) as Answer<Result>, eventId: next.id };
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
