/** What the roles of callers allow. Each may do what those before it may. */
import { type Role, roleNames } from '../../db/schema.ts';
import { roleMissing } from './refusals.ts';

/** Throws FORBIDDEN where the caller's role is not enough. `what` begins a sentence, such as "deleteRun". */
export function requireRole(caller: { readonly name: string; readonly role: Role }, needed: Role, what: string): void {
  if (roleNames.indexOf(caller.role) < roleNames.indexOf(needed)) throw roleMissing(what, needed, caller);
}
