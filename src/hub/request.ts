/** fetch for a hub: sends the token to the endpoint alone, tries again, and throws errors that say what to do. */
import { setTimeout as pause } from 'node:timers/promises';
import { isOfStorage, type Place, refusal, unreachable } from './failures.ts';

export interface Requester {
  readonly place: Place;
  /** Resolves with a successful response only, else throws. */
  readonly fetch: typeof globalThis.fetch;
}

export interface RequestOptions {
  readonly token: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Pause before the second attempt, in milliseconds; doubled after each. */
  readonly retryMs: number;
  /** File that errors name. */
  readonly file?: string | undefined;
}

const tries = 4;

/** True if another attempt may succeed. Signed addresses of a hub's storage expire, and the hub gives new ones. */
const isPassing = ({ status, url, headers }: Response, { endpoint }: Place): boolean =>
  status === 408 || status === 429 || status >= 500 || isOfStorage({ url, headers }, endpoint);

export function requester(place: Place, { token, signal, retryMs, file }: RequestOptions): Requester {
  const origin = new URL(place.endpoint).origin;

  async function once(url: string | URL | Request, init: RequestInit | undefined): Promise<Response> {
    const headers = new Headers(init?.headers);
    const target = new URL(url instanceof Request ? url.url : url);
    // On a redirect to another origin fetch removes the header.
    if (token !== undefined && target.origin === origin) headers.set('authorization', `Bearer ${token}`);
    try {
      return await globalThis.fetch(target, { ...init, headers, ...(signal && { signal }) });
    } catch (error) {
      signal?.throwIfAborted();
      throw unreachable(error, place);
    }
  }

  async function fetchOrRefuse(url: string | URL | Request, init?: RequestInit): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt >= tries;
      const response = await once(url, init).catch((error: unknown) => {
        if (isLast || signal?.aborted) throw error;
        return undefined;
      });
      if (response?.ok) return response;
      if (response && (isLast || !isPassing(response, place))) {
        await response.body?.cancel();
        throw refusal(response, place, file);
      }
      await response?.body?.cancel();
      await pause(retryMs * 2 ** (attempt - 1), undefined, signal && { signal });
    }
  }

  return { place, fetch: fetchOrRefuse };
}
