/** Who asks, and what decides what they may. */
import type { Role } from '../../db/schema.ts';

export interface Caller {
  readonly name: string;
  readonly role: Role;
  /** The key of the row; null = without a key, where none is needed, or with TANDEM_ADMIN_KEY. */
  readonly keyId: string | null;
  /** Callers with the same one share a rate limit. */
  readonly bucket: string;
}

export interface Access {
  /**
   * The caller of the value of an Authorization header; undefined = the request has none. Throws UNAUTHENTICATED for a
   * missing key where one is needed, and for a malformed, unknown, revoked or expired one.
   */
  callerOf(authorization: string | undefined): Promise<Caller>;
  /** Takes one request from what the caller may send; null = it was there, else the seconds until there is one. */
  take(caller: Caller): number | null;
  /** Aborts when the key is revoked, expires or is deleted, with UNAUTHENTICATED as the reason. */
  signalOf(caller: Caller): AbortSignal;
  /** Looks now, and not at the next turn, whether keys in use still hold. Called behind every change of a key. */
  recheck(): Promise<void>;
  stop(): Promise<void>;
}
