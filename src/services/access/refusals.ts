/** Why a caller is refused. Whoever does not have a whole key learns nothing about keys from the answers. */
import type { Role } from '../../db/schema.ts';
import { TandemError } from '../../errors.ts';

const unauthenticated = (message: string, remedy: string): TandemError =>
  new TandemError('UNAUTHENTICATED', message, {
    field: 'authorization',
    expected: 'the header authorization: Bearer tdm_..., with a key that holds',
    remedy,
  });

export const keyMissing = (): TandemError =>
  unauthenticated(
    'This server needs an API key',
    'Send one that an admin made; commands send TANDEM_API_KEY. The first is made by `tandem key create` on the data folder while no service runs there, or with TANDEM_ADMIN_KEY.',
  );

/** Of every key that is none of this server's. */
export const keyUnknown = (): TandemError =>
  unauthenticated('The API key is not one of this server', 'Send it as it was shown when it was made.');

export const keyRevoked = (name: string): TandemError =>
  unauthenticated(`The API key "${name}" was revoked`, 'Ask an admin for another key.');

export const keyExpired = (name: string, at: Date): TandemError =>
  unauthenticated(
    `The API key "${name}" expired at ${at.toISOString()}`,
    'Ask an admin for another key, or to let it expire later (updateApiKey).',
  );

export const keyDeleted = (name: string): TandemError =>
  unauthenticated(`The API key "${name}" was deleted`, 'Ask an admin for another key.');

/** `what` begins a sentence, such as "deleteRun". */
export const roleMissing = (what: string, needed: Role, caller: { readonly name: string; readonly role: Role }) =>
  new TandemError('FORBIDDEN', `${what} needs the role ${needed}, and "${caller.name}" has the role ${caller.role}`, {
    field: 'authorization',
    expected: `a key of the role ${needed}`,
    remedy: `Send a key of the role ${needed}, or ask an admin for one.`,
  });
