/**
 * The signals of keys that work is under way for: each aborts when its key no longer holds. Who changes a key in this
 * process has them looked at at once, and so has the time at which one expires; what other hosts of a shared database
 * change is noticed within seconds.
 */
import { setMaxListeners } from 'node:events';
import { inArray } from 'drizzle-orm';
import type { Db } from '../../db/open.ts';
import { type ApiKeyRow, apiKeys } from '../../db/schema.ts';
import type { TandemError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { keyDeleted, keyExpired, keyRevoked } from './refusals.ts';
import type { Caller } from './types.ts';

/** Between two looks at the keys in use, where other hosts may change them, or where the last look failed. */
const everyMs = 2_000;
/** Longer waits are cut: timers have 31 bits. */
const longestMs = 86_400_000;

/** Why a key does not hold now; null = it does. */
export function whyNot({ name, revokedAt, expiresAt }: ApiKeyRow): TandemError | null {
  if (revokedAt) return keyRevoked(name);
  return expiresAt && expiresAt.getTime() <= Date.now() ? keyExpired(name, expiresAt) : null;
}

interface Options {
  readonly db: Db;
  /** Whether other hosts write to the database, too. */
  readonly shared: boolean;
  readonly log: Logger;
}

export class KeysInUse {
  readonly #options: Options;
  readonly #inUse = new Map<string, { readonly name: string; readonly ending: AbortController }>();
  readonly #never = controllerForMany().signal;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: Options) {
    this.#options = options;
  }

  signalOf({ keyId, name }: Caller): AbortSignal {
    if (keyId === null) return this.#never;
    const known = this.#inUse.get(keyId);
    if (known) return known.ending.signal;
    const ending = controllerForMany();
    this.#inUse.set(keyId, { name, ending });
    // When it expires; and it may have been revoked since it was looked up.
    void this.recheck();
    return ending.signal;
  }

  /** One look after the other, each at the keys as they are when it begins. */
  recheck(): Promise<void> {
    this.#checking = this.#checking.then(() => this.#check());
    return this.#checking;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#checking;
  }

  async #check(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#stopped || this.#inUse.size === 0) return;
    let next = this.#options.shared ? everyMs : Number.POSITIVE_INFINITY;
    try {
      const ids = [...this.#inUse.keys()];
      const rows = await this.#options.db.select().from(apiKeys).where(inArray(apiKeys.id, ids));
      const found = new Map(rows.map((row) => [row.id, row]));
      for (const id of ids) next = Math.min(next, this.#end(id, found.get(id)));
    } catch (error) {
      this.#options.log.warn({ error }, 'whether API keys in use still hold could not be looked up; it is tried again');
      next = everyMs;
    }
    this.#schedule(next);
  }

  /** Ends what is under way for a key that does not hold; else says when to look again, in milliseconds. */
  #end(id: string, row: ApiKeyRow | undefined): number {
    const entry = this.#inUse.get(id);
    const reason = row ? whyNot(row) : entry && keyDeleted(entry.name);
    if (!reason) return row?.expiresAt ? Math.max(0, row.expiresAt.getTime() - Date.now()) : Number.POSITIVE_INFINITY;
    this.#inUse.delete(id);
    entry?.ending.abort(reason);
    return Number.POSITIVE_INFINITY;
  }

  #schedule(ms: number): void {
    if (this.#stopped || this.#inUse.size === 0 || ms === Number.POSITIVE_INFINITY) return;
    this.#timer ??= setTimeout(() => void this.recheck(), Math.min(ms, longestMs)).unref();
  }
}

/** Any number of connections of a caller listen; Node warns of more than ten. */
function controllerForMany(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
