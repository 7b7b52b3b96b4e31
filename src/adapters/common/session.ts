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
  /** Who asks, with the key or without one where none is needed. Throws {@link ApiError}. */
  caller(): Promise<Caller>;
}

const document: Operation<'query', { readonly caller: Caller }, Record<string, never>> = {
  kind: 'query',
  name: 'Caller',
  text: 'query Caller { caller { name role } }',
};

export function createSession(client: TandemClient, keys: KeyStore): Session {
  const caller = async (): Promise<Caller> => (await client.execute(document, {})).caller;
  return {
    caller,
    logout: () => keys.clear(),
    async login(key) {
      const before = keys.get();
      keys.set(key.trim());
      try {
        return await caller();
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
