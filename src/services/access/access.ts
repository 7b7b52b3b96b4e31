/**
 * Who may ask: callers from the keys that they send, and the end of what is under way for a key that no longer holds.
 * What a role may do is decided in graphql/access/roles.ts. Opened once by main.ts; it knows nothing of HTTP.
 */
import { and, eq, isNull, lt, or, sql } from 'drizzle-orm';
import type { AccessSettings } from '../../config.ts';
import type { Database } from '../../db/open.ts';
import { type ApiKeyRow, apiKeys } from '../../db/schema.ts';
import type { Logger } from '../../log.ts';
import { forgetAudit } from './audit.ts';
import { digestOf, keyPrefix, lookupOf, sameDigest } from './key.ts';
import { KeysInUse, whyNot } from './keys-in-use.ts';
import { TokenBuckets } from './rates.ts';
import { keyMissing, keyUnknown } from './refusals.ts';
import type { Access, Caller } from './types.ts';

interface Options {
  readonly database: Pick<Database, 'db' | 'kind'>;
  readonly config: { readonly access: Pick<AccessSettings, 'auth' | 'adminKey' | 'rate'> };
  readonly log: Logger;
}

/** A request without a key, where none is needed: whoever reaches the port may do everything. */
export const localCaller: Caller = { name: 'local', role: 'admin', keyId: null, bucket: 'local' };
const adminCaller: Caller = { name: 'TANDEM_ADMIN_KEY', role: 'admin', keyId: null, bucket: 'TANDEM_ADMIN_KEY' };

/** Compared with where there is no key: an answer takes as long then. */
const noDigest = digestOf('');

/** How long what is known of the last use may be behind. */
const lastUsedMs = 60_000;

const forgetEveryMs = 3_600_000;

export function openAccess({ database: { db, kind }, config: { access }, log }: Options): Access {
  const isRequired = access.auth === 'required';
  const inUse = new KeysInUse({ db, shared: kind === 'postgres', log });
  const buckets = access.rate && new TokenBuckets(access.rate, () => performance.now());
  const adminDigest = access.adminKey === undefined ? undefined : digestOf(access.adminKey);

  async function rowOf(key: string, digest: string): Promise<ApiKeyRow> {
    const lookup = lookupOf(key);
    if (lookup === null) throw keyUnknown();
    const [row] = await db.select().from(apiKeys).where(eq(apiKeys.lookup, lookup)).limit(1);
    if (!sameDigest(row?.digest ?? noDigest, digest) || !row) throw keyUnknown();
    const reason = whyNot(row);
    if (reason) throw reason;
    return row;
  }

  /** A failure of this must not keep anybody from reading. */
  async function noteUse({ id, lastUsedAt }: ApiKeyRow): Promise<void> {
    if (lastUsedAt && Date.now() - lastUsedAt.getTime() < lastUsedMs) return;
    const isOld = lt(apiKeys.lastUsedAt, sql`now() - make_interval(secs => ${lastUsedMs / 1_000})`);
    await db
      .update(apiKeys)
      .set({ lastUsedAt: sql`now()` })
      .where(and(eq(apiKeys.id, id), or(isNull(apiKeys.lastUsedAt), isOld)))
      .catch((error: unknown) => log.warn({ error }, 'the last use of an API key could not be noted'));
  }

  const forget = (): void =>
    void forgetAudit(db).catch((error: unknown) =>
      log.warn({ error }, 'old entries of the audit log were not removed'),
    );
  const forgetting = setInterval(forget, forgetEveryMs).unref();

  return {
    async callerOf(authorization) {
      const key = authorization === undefined ? null : bearerOf(authorization);
      // Clients of other APIs always send something, which is no key of ours.
      if (!isRequired && (key === null || !(key.startsWith(keyPrefix) || isAdmin(key)))) return localCaller;
      if (authorization === undefined) throw keyMissing();
      if (key === null) throw keyUnknown();
      if (isAdmin(key)) return adminCaller;
      const row = await rowOf(key, digestOf(key));
      await noteUse(row);
      const { id, name, role } = row;
      return { name, role, keyId: id, bucket: id };
    },
    take: (caller) => (caller === localCaller ? null : (buckets?.take(caller.bucket) ?? null)),
    signalOf: (caller) => inUse.signalOf(caller),
    recheck: () => inUse.recheck(),
    async stop() {
      clearInterval(forgetting);
      await inUse.stop();
    },
  };

  function isAdmin(key: string): boolean {
    return adminDigest !== undefined && sameDigest(adminDigest, digestOf(key));
  }
}

/** What stands behind "Bearer"; null where the header is another. */
const bearerOf = (authorization: string): string | null => /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? null;
