/** Refine's auth provider: people sign in with an API key. */
import { ApiError, type TandemClient } from '../../client/index.ts';
import type { KeyStore } from '../common/keys.ts';
import { createSession, isKeyRefused } from '../common/session.ts';
import { DataProviderError } from './errors.ts';

interface Answer {
  [key: string]: unknown;
  success: boolean;
  redirectTo?: string;
  error?: Error;
}

interface AuthProvider {
  /** With `key`, or with the field `password` of Refine's own sign-in page. */
  login(params: { readonly key?: string; readonly password?: string }): Promise<Answer>;
  logout(params: unknown): Promise<Answer>;
  check(): Promise<{ authenticated: boolean; redirectTo?: string; logout?: boolean }>;
  onError(error: { readonly statusCode?: number }): Promise<{ logout?: boolean; redirectTo?: string }>;
  getIdentity(): Promise<{ id: string; name: string }>;
  /** The role: VIEWER, EDITOR or ADMIN. */
  getPermissions(): Promise<string>;
}

const signIn = '/login';

/** `keys` is the store whose `headers` the client has. Nobody has to sign in where the server needs no key. */
export function createAuthProvider(client: TandemClient, keys: KeyStore): AuthProvider {
  const session = createSession(client, keys);
  return {
    async login({ key, password }) {
      try {
        await session.login(key ?? password ?? '');
        return { success: true, redirectTo: '/' };
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return { success: false, error: new DataProviderError(error) };
      }
    },
    async logout() {
      session.logout();
      return { success: true, redirectTo: signIn };
    },
    async check() {
      try {
        await session.check();
      } catch (error) {
        if (isKeyRefused(error)) return { authenticated: false, redirectTo: signIn };
      }
      // A server that does not answer is no reason to forget the key: the pages say so themselves.
      return { authenticated: true };
    },
    async onError({ statusCode }) {
      return statusCode === 401 ? { logout: true, redirectTo: signIn } : {};
    },
    async getIdentity() {
      const { name } = await session.caller();
      return { id: name, name };
    },
    getPermissions: async () => (await session.caller()).role,
  };
}
