/**
 * One subscription to `changes` for everything on a page that wants to stay fresh. It is open while somebody listens,
 * asks for the types that they listen to, and goes on behind the last change that was seen.
 */
import { ApiError, type Operation, type TandemClient } from '../../client/index.ts';
import { resourceNamed, resourceNames } from './resource.ts';

/** What happened to a node. `RESYNC` = changes were missed: what is shown of the noun has to be read again. */
export interface Change {
  readonly kind: 'CREATED' | 'UPDATED' | 'DELETED' | 'RESYNC';
  /** The noun, as it is called elsewhere: "runs". */
  readonly resource: string;
  /** Null for RESYNC. */
  readonly id: string | null;
}

export interface ChangeFeed {
  /** Calls back for each change of the noun until the returned function is called. */
  listen(resource: string, callback: (change: Change) => void): () => void;
}

interface FeedOptions {
  /** How long the feed waits before it subscribes again after the client gave up, in milliseconds. Default 5,000. */
  readonly pauseMs?: number;
  /** Called when the server ends the feed for good, for example because the key was revoked. */
  readonly onError?: (error: ApiError) => void;
}

interface Event {
  readonly seq: number;
  readonly change: { readonly kind: Change['kind']; readonly type: string; readonly nodeId: string } | null;
}

const document: Operation<
  'subscription',
  { readonly changes: Event },
  { readonly types: readonly string[]; readonly after: number | null }
> = {
  kind: 'subscription',
  name: 'Changes',
  text: `subscription Changes($types: [NodeType!], $after: Int64) {
  changes(types: $types, after: $after) { seq change { kind type nodeId } }
}`,
};

/** What the client cannot mend by connecting again. */
const final: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'BAD_USER_INPUT']);

export function createChangeFeed(client: TandemClient, { pauseMs = 5_000, onError }: FeedOptions = {}): ChangeFeed {
  const listeners = new Map<string, Set<(change: Change) => void>>();
  let seq: number | null = null;
  let followed: ReadonlySet<string> = new Set();
  let current = new AbortController();
  let isAwaited = false;

  const send = (change: Change): void => {
    for (const callback of [...(listeners.get(change.resource) ?? [])]) callback(change);
  };

  /** Follows the changes to the end of the subscription. Throws what ends it. */
  async function follow(types: readonly string[], signal: AbortSignal): Promise<void> {
    for await (const { changes } of client.subscribe(document, { types, after: seq }, { signal })) {
      if (signal.aborted) return;
      seq = changes.seq;
      const { change } = changes;
      const resource = change && names.get(change.type);
      if (change && resource) send({ kind: change.kind, resource, id: change.nodeId });
      // The server begins here, so what was read before may be stale.
      if (!change) for (const name of listeners.keys()) send({ kind: 'RESYNC', resource: name, id: null });
    }
  }

  async function keep(types: readonly string[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const error: unknown = await follow(types, signal).catch((thrown: unknown) => thrown);
      if (signal.aborted) return;
      const code = error instanceof ApiError ? error.code : '';
      if (final.has(code)) return onError?.(error as ApiError);
      if (code === 'RESYNC') seq = null;
      else await pause(pauseMs, signal);
    }
  }

  /** Subscribes anew where a noun is listened to that is not followed yet; ends the subscription where none is. */
  function adjust(): void {
    isAwaited = false;
    const wanted = new Set(listeners.keys());
    if (wanted.size > 0 && [...wanted].every((name) => followed.has(name))) return;
    current.abort();
    current = new AbortController();
    followed = wanted;
    if (wanted.size === 0) seq = null;
    const types = [...wanted].flatMap((name) => resourceNamed(name).nodeType ?? []);
    if (types.length > 0) void keep(types, current.signal);
  }

  /** Later, because a page that changes ends its old listeners and adds new ones in one go. */
  const adjustSoon = (): void => {
    if (!isAwaited) setTimeout(adjust);
    isAwaited = true;
  };

  return {
    listen(resource, callback) {
      resourceNamed(resource);
      const callbacks = listeners.get(resource) ?? new Set();
      listeners.set(resource, callbacks.add(callback));
      adjustSoon();
      return () => {
        callbacks.delete(callback);
        if (callbacks.size === 0 && listeners.get(resource) === callbacks) listeners.delete(resource);
        adjustSoon();
      };
    },
  };
}

/** What nouns are called here, by their names in the subscription. */
const names = new Map(resourceNames.map((name) => [resourceNamed(name).nodeType, name]));

/** Resolves after a time, or when it is aborted. */
const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
