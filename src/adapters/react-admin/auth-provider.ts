/** React-admin's auth provider: people sign in with an API key, and see what its role lets them do. */
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
  /** Whether the role may do it: the pages leave out what it may not. */
  canAccess(params: { readonly action: string; readonly resource: string }): Promise<boolean>;
}

/** What a viewer may do; the server asks for the role of an editor for all else. */
const reading: ReadonlySet<string> = new Set(['list', 'show', 'export']);
/** What only admins may see and change. */
const ofAdmins: ReadonlySet<string> = new Set(['apiKeys', 'auditEntries']);

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
      await session.check().catch((error: unknown) => {
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
    async canAccess({ action, resource }) {
      const { role } = await session.caller();
      if (role === 'ADMIN') return true;
      return !ofAdmins.has(resource) && (role === 'EDITOR' || reading.has(action));
    },
  };
}
