/**
 * The one way in which people change the names, notes and tags of things, one or many at once, all or nothing. What a
 * noun has of its own in this stands in the record below.
 */
import { and, eq, ne, type SQL } from 'drizzle-orm';
import type { Transaction } from '../../../db/open.ts';
import type { RowOf } from '../../../db/rows.ts';
import { apiKeys, checkpoints, collections, datasets, jobs, models, nouns, runs } from '../../../db/schema.ts';
import { conflict } from '../../../errors.ts';
import { checkList } from '../../embedding/texts.ts';
import type { Tandem } from '../../tandem.ts';
import { type FieldOf, type LockedTable, lockRows, mostAtOnce, readRows } from './rows.ts';
import { type Edit, type EditedValues, valuesOf } from './values.ts';

export type { Edit } from './values.ts';

/** The tables of the nouns whose rows people name, describe and tag. */
const tables = { datasets, models, runs, checkpoints, collections, apiKeys } as const;
export type EditableNoun = keyof typeof tables;

interface Rules<Name extends EditableNoun> {
  /** Whether every row has a name. */
  readonly needsName: boolean;
  /** What is locked, where it is not the row itself. */
  readonly locked?: LockedTable;
  /** The rows beside this one that a new name must not be that of, and what people call them. */
  readonly taken?: (row: RowOf<Name>, name: string) => { readonly where: SQL | undefined; readonly thing: string };
  /** What a new name changes besides. */
  readonly renamed?: (row: RowOf<Name>, name: string) => object;
  /** After the commit. */
  readonly after?: (tandem: Tandem) => Promise<void>;
}

/** By which a repeated idempotency key still finds the request that it stood for. */
const keepFirstName = ({ madeAs, name }: { readonly madeAs: string | null; readonly name: string }) => ({
  madeAs: madeAs ?? name,
});

const rules: { readonly [Name in EditableNoun]: Rules<Name> } = {
  datasets: {
    needsName: true,
    taken: ({ version }, name) => ({
      where: and(eq(datasets.name, name), eq(datasets.version, version)),
      thing: `data set "${name}" version ${version}`,
    }),
    // What is derived from the set names it as it was called; so does the set itself from now on.
    renamed: (row, name) => ({
      derivedFrom: [...new Set([...row.derivedFrom, row.name])].filter((origin) => origin !== name),
    }),
  },
  models: { needsName: true },
  runs: { needsName: true, locked: jobs, renamed: keepFirstName },
  checkpoints: { needsName: false },
  collections: {
    needsName: true,
    taken: (_row, name) => ({ where: eq(collections.name, name), thing: `collection "${name}"` }),
    renamed: keepFirstName,
  },
  apiKeys: { needsName: true, after: ({ access }) => access.recheck() },
};

/**
 * Changes the rows and returns them in the order of the edits. Throws NOT_FOUND, CONFLICT for a name that is taken and
 * for rows that were changed after `ifUpdatedAt`, BAD_USER_INPUT and LIMIT_EXCEEDED for values that do not fit.
 * `fieldOf` says where the input has each edit.
 */
export async function updateRows<Name extends EditableNoun>(
  tandem: Tandem,
  noun: Name,
  edits: readonly Edit[],
  fieldOf: FieldOf,
): Promise<RowOf<Name>[]> {
  checkList(edits, tandem.config.limits, 'input.items', { min: 0, max: mostAtOnce });
  const own = rules[noun] as Rules<Name>;
  const values = edits.map((edit, place) => valuesOf(edit, fieldOf(place), own));
  const chosen = { noun, ids: edits.map(({ id }) => id), fieldOf: (place: number) => `${fieldOf(place)}.id` };
  const rows = await tandem.database.db.transaction(async (tx) => {
    const rows = await lockRows(tx, own.locked ?? tables[noun], chosen);
    refuseChanged(noun, rows, edits, fieldOf);
    for (const [place, row] of rows.entries()) await write(tx, noun, row, values[place] ?? {}, fieldOf(place));
    return readRows(tx, chosen);
  });
  await own.after?.(tandem);
  return rows;
}

function refuseChanged<Name extends EditableNoun>(
  noun: Name,
  rows: readonly RowOf<Name>[],
  edits: readonly Edit[],
  fieldOf: FieldOf,
): void {
  const problems = edits.flatMap(({ ifUpdatedAt }, place) => {
    const { updatedAt, name } = rows[place] as RowOf<EditableNoun>;
    if (!ifUpdatedAt || ifUpdatedAt.getTime() === updatedAt.getTime()) return [];
    const thing = name === '' ? nouns[noun].called : `${nouns[noun].called} "${name}"`;
    const message = `The ${thing} was changed meanwhile: its updatedAt is ${updatedAt.toISOString()}`;
    return [{ field: `${fieldOf(place)}.ifUpdatedAt`, message }];
  });
  const [first] = problems;
  if (first === undefined) return;
  throw conflict(problems.map(({ message }) => message).join('; '), {
    reason: 'changed-meanwhile',
    field: first.field,
    expected: 'the updatedAt that it has now',
    remedy: 'Read it again, and repeat the change if it still is what you want.',
    problems,
  });
}

async function write<Name extends EditableNoun>(
  tx: Transaction,
  noun: Name,
  row: RowOf<Name>,
  values: EditedValues,
  field: string,
): Promise<void> {
  const { taken, renamed } = rules[noun] as Rules<Name>;
  // One type for all of them: each has these columns.
  const table = tables[noun] as typeof models;
  const { name } = values;
  const isRenamed = name !== undefined && name !== row.name;
  if (isRenamed && taken) await refuseTaken(tx, table, row.id, taken(row, name), `${field}.name`);
  const changes = { ...values, ...(isRenamed && renamed?.(row, name)) };
  if (Object.keys(changes).length > 0) await tx.update(table).set(changes).where(eq(table.id, row.id));
}

async function refuseTaken(
  tx: Transaction,
  table: typeof models,
  id: string,
  { where, thing }: { readonly where: SQL | undefined; readonly thing: string },
  field: string,
): Promise<void> {
  const others = await tx
    .select({ id: table.id })
    .from(table)
    .where(and(where, ne(table.id, id)))
    .limit(1);
  if (others.length === 0) return;
  throw conflict(`There is a ${thing} already`, {
    field,
    expected: 'a name that is not taken',
    remedy: 'Choose another name, or rename the other one first.',
  });
}
