/** An idempotency key stands for one request: the same key with another one is a mistake that must not pass unseen. */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { conflict } from '../../errors.ts';

/** sha256 of a value's JSON: stands for what is too large to be kept with a job. */
export const fingerprint = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** Throws CONFLICT if the request that a key made before was another one. */
export function requireSameRequest(before: unknown, now: unknown): void {
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(before)), JSON.parse(JSON.stringify(now)))) return;
  throw conflict('The idempotencyKey was used for another request', {
    field: 'input.idempotencyKey',
    expected: 'the same input as the first time, or another key',
    remedy: 'Use a new key for a new request.',
  });
}
