/** The arguments of a connection as a window of its list. */
import { badInput } from '../../errors.ts';
import type { Source, Window } from '../../services/common/listing/types.ts';

export interface ConnectionArguments {
  readonly first?: number | null;
  readonly last?: number | null;
  readonly before?: string | null;
  readonly after?: string | null;
  readonly offset?: number | null;
}

export const defaultPageSize = 50;

/** `keep`: how many items count, from the end of the window. A page is never longer than `pageSize`. */
export function windowOf(
  { first, last, before, after, offset }: ConnectionArguments,
  source: Pick<Source<never>, 'place'>,
  pageSize: number,
): Window & { readonly keep: number } {
  refuseNegative({ first, last, offset });
  const isGiven = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;
  const beside = Object.entries({ after, before, last }).find(([, value]) => isGiven(value));
  if (isGiven(offset) && beside) throw besideOffset(beside[0]);
  const backwards = isGiven(last) && !isGiven(first);
  const asked = backwards ? last : (first ?? defaultPageSize);
  return {
    limit: Math.min(asked, pageSize),
    keep: Math.min(last ?? pageSize, pageSize),
    offset: offset ?? 0,
    backwards,
    after: isGiven(after) ? source.place(after, 'after') : null,
    before: isGiven(before) ? source.place(before, 'before') : null,
  };
}

function refuseNegative(counts: Readonly<Record<string, number | null | undefined>>): void {
  const negative = Object.entries(counts).find(([, value]) => typeof value === 'number' && value < 0);
  if (!negative) return;
  const [field, value] = negative;
  throw badInput(`${field} is ${value}`, {
    field,
    expected: 'a whole number from 0',
    remedy: 'Give a number that is not negative, or leave it out.',
  });
}

const besideOffset = (other: string) =>
  badInput(`offset stands beside ${other}`, {
    field: 'offset',
    expected: 'offset beside first only, or a cursor without it',
    remedy: `Leave offset out, or ${other}: a place is named by a number or by a cursor, not by both.`,
  });
