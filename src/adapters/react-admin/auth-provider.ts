/** React-admin's auth provider: people sign in with an API key. */
import { ApiError, type TandemClient } from '../../client/index.ts';
import { messageOf } from '../common/failures.ts';
import type { KeyStore } from '../common/keys.ts';
import { createSession, isKeyRefused } from '../common/session.ts';

interface AuthProvider {
  /** With `key`, or with the field `password` of React-admin's own sign-in page. */
  login(params: { readonly key?: string; readonly password?: string }): Promise<void>;
  logout(): Promise<void>;
  checkAuth(): Promise<void>;
  checkError(error: { readonly status?: number }): Promise<void>;
  getIdentity(): Promise<{ id: string; fullName: string }>;
  /** The role: VIEWER, EDITOR or ADMIN. */
  getPermissions(): Promise<string>;
}

/** `keys` is the store whose `headers` the client has. Nobody has to sign in where the server needs no key. */
export function createAuthProvider(client: TandemClient, keys: KeyStore): AuthProvider {
  const session = createSession(client, keys);
  return {
    async login({ key, password }) {
      try {
        await session.login(key ?? password ?? '');
      } catch (error) {
        throw error instanceof ApiError ? new Error(messageOf(error)) : error;
      }
    },
    async logout() {
      session.logout();
    },
    async checkAuth() {
      // A server that does not answer is no reason to forget the key: the pages say so themselves.
      await session.caller().catch((error: unknown) => {
        if (isKeyRefused(error)) throw error;
      });
    },
    async checkError(error) {
      if (error.status === 401) throw error;
    },
    async getIdentity() {
      const { name } = await session.caller();
      return { id: name, fullName: name };
    },
    getPermissions: async () => (await session.caller()).role,
  };
}
