/** Who sends a request, by the key that it carries. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Access, Caller } from '../services/access/types.ts';
import { foreseen } from '../services/common/foreseen.ts';
import type { Refusal } from './guard.ts';

export type Admission =
  | { readonly caller: Caller; readonly refusal: undefined }
  | { readonly caller: undefined; readonly refusal: Refusal };

/** The caller of an Authorization header, or why there is none. */
export async function admit(access: Access, authorization: IncomingHttpHeaders['authorization']): Promise<Admission> {
  try {
    return { caller: await access.callerOf(authorization), refusal: undefined };
  } catch (error) {
    const known = foreseen(error);
    if (known === null) throw error;
    const status = known.code === 'UNAUTHENTICATED' ? 401 : 503;
    return { caller: undefined, refusal: { status, error: known } };
  }
}
