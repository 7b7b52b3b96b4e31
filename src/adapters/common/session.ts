/** Who is at the browser, by the API key that they gave. */
import { ApiError, type Operation, type TandemClient } from '../../client/index.ts';
import type { KeyStore } from './keys.ts';

interface Caller {
  /** The name of the key, or of whoever needs none. */
  readonly name: string;
  /** VIEWER, EDITOR or ADMIN. */
  readonly role: string;
}

export interface Session {
  /** Takes the key if the server does. Throws {@link ApiError} if not (UNAUTHENTICATED), and keeps the one before. */
  login(key: string): Promise<Caller>;
  /** Forgets the key. */
  logout(): void;
  /** Asks who the server takes the browser for, with the key or without one where none is needed. Throws ApiError. */
  check(): Promise<Caller>;
  /** What the server has answered last; asks where it has not answered yet. Throws {@link ApiError}. */
  caller(): Promise<Caller>;
}

const document: Operation<'query', { readonly caller: Caller }, Record<string, never>> = {
  kind: 'query',
  name: 'Caller',
  text: 'query Caller { caller { name role } }',
};

/** `keys` is the store whose `headers` the client has. */
export function createSession(client: TandemClient, keys: KeyStore): Session {
  let last: Promise<Caller> | undefined;
  function check(): Promise<Caller> {
    const asked = client.execute(document, {}).then(({ caller }) => caller);
    last = asked;
    asked.catch(() => {
      if (last === asked) last = undefined;
    });
    return asked;
  }
  return {
    check,
    caller: () => last ?? check(),
    logout() {
      keys.clear();
      last = undefined;
    },
    async login(key) {
      const before = keys.get();
      keys.set(key.trim());
      try {
        return await check();
      } catch (error) {
        if (before === null) keys.clear();
        else keys.set(before);
        throw error;
      }
    },
  };
}

/** Whether the key is at fault: missing, wrong, expired or revoked. */
export const isKeyRefused = (error: unknown): boolean => error instanceof ApiError && error.code === 'UNAUTHENTICATED';
