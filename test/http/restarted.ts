/** A subscription of a client that comes back by itself, around a stop of the server. */
import { vi } from 'vitest';
import { numbered, type Place } from './place.ts';

interface Sink {
  readonly next: (result: { readonly data?: { readonly runEvents: { readonly seq: number } } | null }) => void;
  readonly error: (reason: unknown) => void;
  readonly complete: () => void;
}

/** That of graphql-ws and that of graphql-sse. */
interface Subscriber {
  subscribe(request: { query: string; variables: Record<string, unknown> }, sink: Sink): () => void;
}

/**
 * The numbers that were told of a run's events, in order, once the run has ended: first the beginning, then all of them
 * again from a server that was started anew, to which the client subscribes as it did at first.
 */
export async function seenThroughRestart(place: Place, client: Subscriber): Promise<number[]> {
  const run = await place.run({ holdAt: 5 });
  const seen: number[] = [];
  const ended = new Promise<void>((resolve, reject) => {
    client.subscribe(
      { query: numbered, variables: { id: run } },
      { next: ({ data }) => seen.push(data?.runEvents.seq ?? 0), error: reject, complete: resolve },
    );
  });
  await vi.waitFor(() => {
    if (seen.length <= 5) throw new Error('the beginning was not told');
  }, 60_000);
  await place.behave({});
  await place.restart();
  await place.resume(run);
  await ended;
  return seen;
}
