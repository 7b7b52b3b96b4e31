/** What is in use is not deleted: CONFLICT that names the users. */
import { conflict } from '../../errors.ts';

/** Throws if there are users; `thing` is what was to be deleted, `users` what people call its users. */
export function refuseWhileInUse(thing: string, users: readonly string[]): void {
  if (users.length === 0) return;
  const shown = users.slice(0, 10).join(', ');
  const more = users.length > 10 ? ` and ${users.length - 10} more` : '';
  throw conflict(`The ${thing} is used by ${shown}${more}`, {
    field: 'id',
    expected: `a ${thing} that nothing uses`,
    remedy: 'Delete what uses it first; let jobs end, or cancel them.',
  });
}
