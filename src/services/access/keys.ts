/** API keys: make, revoke, delete. Changes of their names, notes and expiry are those of every noun. */
import { and, eq, gt, inArray, isNull, or, sql } from 'drizzle-orm';
import type { Db } from '../../db/open.ts';
import { type ApiKeyRow, apiKeys, type Role } from '../../db/schema.ts';
import { badInput, invariant } from '../../errors.ts';
import type { Deletion } from '../common/editing/remove.ts';
import { valuesOf } from '../common/editing/values.ts';
import { requireRow } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';
import { makeKey } from './key.ts';

export interface KeyRequest {
  readonly name: string;
  readonly role: Role;
  readonly notes?: string | null;
  readonly tags?: readonly string[] | null;
  readonly expiresAt?: Date | null;
}

export interface MadeKey {
  readonly apiKey: ApiKeyRow;
  /** The key itself, which is kept nowhere. */
  readonly key: string;
}

/** Throws BAD_USER_INPUT for a time that has gone, and for values that do not fit. */
export async function create({ database }: Tandem, { role, expiresAt, ...request }: KeyRequest): Promise<MadeKey> {
  const { name = '', ...values } = valuesOf({ id: '', ...request }, 'input', { needsName: true });
  if (expiresAt && expiresAt.getTime() <= Date.now()) {
    throw badInput(`expiresAt is ${expiresAt.toISOString()}, which has gone`, {
      field: 'input.expiresAt',
      expected: 'a time in the future',
      remedy: 'Give a later time, or leave it out for a key that does not expire.',
    });
  }
  const { key, lookup, digest } = makeKey();
  const [apiKey] = await database.db
    .insert(apiKeys)
    .values({ ...values, name, role, lookup, digest, expiresAt: expiresAt ?? null })
    .returning();
  invariant(apiKey, 'an insert returned nothing');
  return { apiKey, key };
}

/** A key that was revoked stays so, with the time of the first revocation. Throws NOT_FOUND. */
export async function revoke({ database, access }: Tandem, id: string): Promise<ApiKeyRow> {
  await requireRow(database.db, 'apiKeys', id);
  await database.db
    .update(apiKeys)
    .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, now())` })
    .where(eq(apiKeys.id, id));
  await access.recheck();
  return requireRow(database.db, 'apiKeys', id);
}

/** The row of a caller's own key; null where there is none. */
export const ownKey = async ({ database }: Tandem, keyId: string | null): Promise<ApiKeyRow | null> =>
  keyId === null ? null : requireRow(database.db, 'apiKeys', keyId);

/** Whether there is a key of an admin that holds: without one nobody can make others. */
export async function adminHolds(db: Db): Promise<boolean> {
  const isOpen = or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, sql`now()`));
  const isAdmin = and(eq(apiKeys.role, 'admin'), isNull(apiKeys.revokedAt));
  return (await db.select({ id: apiKeys.id }).from(apiKeys).where(and(isAdmin, isOpen)).limit(1)).length > 0;
}

export const deletion: Deletion<'apiKeys'> = {
  noun: 'apiKeys',
  locked: apiKeys,
  refusal: async () => null,
  async remove(tx, rows) {
    const ids = rows.map(({ id }) => id);
    await tx.delete(apiKeys).where(inArray(apiKeys.id, ids));
    return {};
  },
  after: ({ access }) => access.recheck(),
};
