/** Who sends a request, by the key that it carries, and whether they may send one more. */
import type { IncomingHttpHeaders } from 'node:http';
import type { TandemError } from '../errors.ts';
import type { Access, Caller } from '../services/access/types.ts';
import { foreseen } from '../services/common/foreseen.ts';
import { type Refusal, refuse } from './guard.ts';

export type Admission =
  | { readonly caller: Caller; readonly refusal: undefined }
  | { readonly caller: undefined; readonly refusal: Refusal };

/** The caller of an Authorization header, who sends one more request; or why it is refused. */
export async function admit(access: Access, authorization: IncomingHttpHeaders['authorization']): Promise<Admission> {
  const admission = await identify(access, authorization);
  const refusal = admission.caller && refuseRate(access, admission.caller);
  return refusal ? { caller: undefined, refusal } : admission;
}

/** As {@link admit}, for what does not count. */
export async function identify(
  access: Access,
  authorization: IncomingHttpHeaders['authorization'],
): Promise<Admission> {
  try {
    return { caller: await access.callerOf(authorization), refusal: undefined };
  } catch (error) {
    const known = foreseen(error);
    if (known === null) throw error;
    return { caller: undefined, refusal: refusalOfKey(known) };
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
