/** Checks of the texts and lists in a request. */
import type { Limits } from '../../config.ts';
import { codePointLength } from '../../data/code-points.ts';
import { badInput, limitExceeded } from '../../errors.ts';

/** Throws BAD_USER_INPUT for a list with too few items, LIMIT_EXCEEDED for one with too many. */
export function checkList(
  items: readonly unknown[],
  limits: Limits,
  field: string,
  { min: least = 1, max: most = limits.listItems }: { readonly min?: number; readonly max?: number } = {},
): void {
  if (items.length < least) {
    throw badInput(`${field} has ${items.length} items`, {
      field,
      expected: `at least ${least}`,
      remedy: `Give ${least === 1 ? 'one' : least} or more.`,
    });
  }
  const limit = Math.min(most, limits.listItems);
  if (items.length > limit) {
    throw limitExceeded(`${field} has ${items.length} items`, {
      field,
      expected: `at most ${limit}`,
      remedy: 'Send them in several requests.',
    });
  }
}

/** Throws BAD_USER_INPUT for a blank text, LIMIT_EXCEEDED for one that is too long. */
export function checkText(text: string, limits: Limits, field: string): void {
  if (text.trim() === '') {
    throw badInput(`${field} is empty`, {
      field,
      expected: 'a text with at least one visible character',
      remedy: 'Leave it out, or give it content.',
    });
  }
  checkLength(text, limits, field);
}

/** Throws LIMIT_EXCEEDED for a text that is too long; an empty one is allowed. */
export function checkLength(text: string, limits: Limits, field: string): void {
  if (text.length <= limits.textCodePoints) return;
  const length = codePointLength(text);
  if (length <= limits.textCodePoints) return;
  throw limitExceeded(`${field} has ${length} code points`, {
    field,
    expected: `at most ${limits.textCodePoints}`,
    remedy: 'Split the text.',
  });
}
