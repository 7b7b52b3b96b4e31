/** Who sends a request, by the key that it carries, and whether they may send one more. */
import type { IncomingHttpHeaders } from 'node:http';
import type { TandemError } from '../errors.ts';
import type { Access, Caller } from '../services/access/types.ts';
import { foreseen } from '../services/common/foreseen.ts';
import { type Refusal, refuse } from './guard.ts';

export interface Admitted {
  readonly caller: Caller;
  /** Aborts when the key no longer holds. Taken before anything that takes time, so that its end is not missed. */
  readonly held: AbortSignal;
  readonly refusal: undefined;
}

export type Admission = Admitted | { readonly caller: undefined; readonly held: undefined; readonly refusal: Refusal };

/** The caller of an Authorization header, who sends one more request; or why it is refused. */
export async function admit(access: Access, authorization: IncomingHttpHeaders['authorization']): Promise<Admission> {
  const admission = await identify(access, authorization);
  const refusal = admission.caller && refuseRate(access, admission.caller);
  return refusal ? { caller: undefined, held: undefined, refusal } : admission;
}

/** As {@link admit}, for what does not count. */
export async function identify(
  access: Access,
  authorization: IncomingHttpHeaders['authorization'],
): Promise<Admission> {
  try {
    const caller = await access.callerOf(authorization);
    return { caller, held: access.signalOf(caller), refusal: undefined };
  } catch (error) {
    const known = foreseen(error);
    if (known === null) throw error;
    return { caller: undefined, held: undefined, refusal: refusalOfKey(known) };
  }
}

/** Takes one request from what a caller may send. Null = it was there. */
export function refuseRate(access: Access, caller: Caller): Refusal | null {
  const seconds = access.take(caller);
  if (seconds === null) return null;
  const retryAfter = Math.ceil(seconds);
  return refuse(429, 'LIMIT_EXCEEDED', `"${caller.name}" sends more requests than its rate allows`, {
    reason: 'rate',
    field: 'authorization',
    expected: 'requests at the rate of TANDEM_RATE',
    remedy: `Send the request again in ${retryAfter} s.`,
    retryAfter,
  });
}

/** Why a caller is refused, or no longer answered: the key does not hold, or cannot be looked up. */
export const refusalOfKey = (error: TandemError): Refusal => ({
  status: error.code === 'UNAUTHENTICATED' ? 401 : 503,
  error,
});
