/** An idempotency key stands for one request: the same key with another one is a mistake that must not pass unseen. */
import { isDeepStrictEqual } from 'node:util';
import { conflict } from '../../errors.ts';

/** Throws CONFLICT if the request that a key made before was another one. */
export function requireSameRequest(before: unknown, now: unknown): void {
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(before)), JSON.parse(JSON.stringify(now)))) return;
  throw conflict('The idempotencyKey was used for another request', {
    field: 'input.idempotencyKey',
    expected: 'the same input as the first time, or another key',
    remedy: 'Use a new key for a new request.',
  });
}
