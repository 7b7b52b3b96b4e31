/** The one way in which things are deleted, one or many at once: all of them, or none if something uses one. */
import type { Transaction } from '../../../db/open.ts';
import type { RowOf, TableName } from '../../../db/rows.ts';
import { conflict } from '../../../errors.ts';
import type { FolderKind } from '../../../retention/uses.ts';
import { checkList } from '../../embedding/texts.ts';
import type { Tandem } from '../../tandem.ts';
import { type FieldOf, type LockedTable, lockRows, mostAtOnce } from './rows.ts';

/** Why a row stays. */
export interface Refusal {
  readonly message: string;
  readonly expected: string;
  readonly remedy: string;
  /** What people call each of those that use it. */
  readonly users?: readonly string[];
}

/** Folders that the deleted rows named, by kind: removed after the commit where no other row names them. */
export type Freed = Partial<Record<FolderKind, readonly (string | null)[]>>;

/** How the rows of a noun are deleted. */
export interface Deletion<Name extends TableName> {
  readonly noun: Name;
  readonly locked: LockedTable;
  /** Why the row stays; null = it may go. `going` are all that go with it: they do not count as its users. */
  refusal(tx: Transaction, row: RowOf<Name>, going: readonly RowOf<Name>[]): Promise<Refusal | null>;
  /** Deletes the rows with all that is theirs. */
  remove(tx: Transaction, rows: readonly RowOf<Name>[]): Promise<Freed>;
  /** After the commit. */
  after?(tandem: Tandem, rows: readonly RowOf<Name>[]): Promise<void>;
}

/** A refusal because of users; null where there are none. `thing` is what was to be deleted. */
export const inUse = (thing: string, users: readonly string[]): Refusal | null =>
  users.length === 0
    ? null
    : {
        message: `The ${thing} is used by ${shown(users)}`,
        expected: `a ${thing} that nothing uses`,
        remedy: 'Delete what uses it first; let jobs end, or cancel them.',
        users,
      };

const shown = (users: readonly string[]): string =>
  users.length > 10 ? `${users.slice(0, 10).join(', ')} and ${users.length - 10} more` : users.join(', ');

/**
 * Deletes the rows and returns them as they were, in the order of the ids. Throws NOT_FOUND, BAD_USER_INPUT for an id
 * that stands twice, and one CONFLICT for all that stay: its problems name every user of each.
 */
export async function deleteRows<Name extends TableName>(
  tandem: Tandem,
  deletion: Deletion<Name>,
  ids: readonly string[],
  fieldOf: FieldOf = () => 'id',
): Promise<RowOf<Name>[]> {
  checkList(ids, tandem.config.limits, 'ids', { min: 0, max: mostAtOnce });
  const { rows, freed } = await tandem.database.db.transaction(async (tx) => {
    const rows = await lockRows(tx, deletion.locked, { noun: deletion.noun, ids, fieldOf });
    await refuse(tx, deletion, rows, fieldOf);
    return { rows, freed: rows.length === 0 ? {} : await deletion.remove(tx, rows) };
  });
  for (const [kind, digests] of Object.entries(freed) as [FolderKind, readonly (string | null)[]][])
    await tandem.jobs.retention.release(kind, digests);
  await deletion.after?.(tandem, rows);
  return rows;
}

async function refuse<Name extends TableName>(
  tx: Transaction,
  { refusal }: Deletion<Name>,
  rows: readonly RowOf<Name>[],
  fieldOf: FieldOf,
): Promise<void> {
  const refusals: (Refusal & { readonly field: string })[] = [];
  for (const [place, row] of rows.entries()) {
    const found = await refusal(tx, row, rows);
    if (found) refusals.push({ ...found, field: fieldOf(place) });
  }
  const [first] = refusals;
  if (first === undefined) return;
  throw conflict(refusals.map(({ message }) => message).join('; '), {
    field: first.field,
    expected: [...new Set(refusals.map(({ expected }) => expected))].join('; '),
    remedy: [...new Set(refusals.map(({ remedy }) => remedy))].join(' '),
    problems: refusals.flatMap(({ field, message, users = [message] }) =>
      users.map((user) => ({ field, message: user })),
    ),
  });
}
