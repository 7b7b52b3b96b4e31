/** Suites: make, list, delete. */
import { eq, getTableColumns, inArray } from 'drizzle-orm';
import type { Transaction } from '../../db/open.ts';
import { type SuiteRow, suiteEntries, suites } from '../../db/schema.ts';
import { conflict, invariant } from '../../errors.ts';
import { jobsUsing } from '../../retention/uses.ts';
import { type Deletion, inUse } from '../common/editing/remove.ts';
import { requireSameRequest } from '../common/idempotency.ts';
import { byIdempotencyKey, requireRow } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';
import { type EntryRequest, readEntries } from './entries.ts';

export interface CreateRequest {
  readonly name: string;
  readonly entries: readonly EntryRequest[];
  readonly idempotencyKey?: string | null;
}

export async function create(tandem: Tandem, request: CreateRequest): Promise<SuiteRow> {
  await readEntries(tandem, request.entries, 'input.entries');
  const name = request.name.trim();
  const entries = request.entries.map(({ domain, ...entry }, position) => ({
    ...{ ...entry, position },
    domain: domain?.trim() ?? null,
  }));
  return tandem.database.db.transaction(async (tx) => {
    const before = await byIdempotencyKey(tx, 'suites', request.idempotencyKey);
    if (before) {
      requireSameRequest(await requestOf(tx, before), { name, entries });
      return before;
    }
    await refuseTaken(tx, name);
    const [row] = await tx
      .insert(suites)
      .values({ name, idempotencyKey: request.idempotencyKey ?? null })
      .returning();
    invariant(row, 'an insert returned nothing');
    await tx.insert(suiteEntries).values(entries.map((entry) => ({ ...entry, suiteId: row.id })));
    return row;
  });
}

/** The request that made a suite. */
async function requestOf(tx: Transaction, { id, name }: SuiteRow) {
  const { suiteId, ...columns } = getTableColumns(suiteEntries);
  const entries = await tx.select(columns).from(suiteEntries).where(eq(suiteId, id)).orderBy(suiteEntries.position);
  return { name, entries };
}

async function refuseTaken(tx: Transaction, name: string): Promise<void> {
  const taken = await tx.select({ id: suites.id }).from(suites).where(eq(suites.name, name)).limit(1);
  if (taken.length === 0) return;
  throw conflict(`There is a suite "${name}" already`, {
    field: 'input.name',
    expected: 'a name that is not taken',
    remedy: 'Choose another name, or delete the suite.',
  });
}

export const requireSuite = ({ database: { db } }: Tandem, id: string, field: string): Promise<SuiteRow> =>
  requireRow(db, 'suites', id, field);

/** The data sets of a suite and the evaluations on them stay. */
export const deletion: Deletion<'suites'> = {
  noun: 'suites',
  locked: suites,
  refusal: async (tx, { id, name }) => inUse(`suite "${name}"`, await jobsUsing(tx, [{ kind: 'suite', id }])),
  async remove(tx, rows) {
    const ids = rows.map(({ id }) => id);
    await tx.delete(suites).where(inArray(suites.id, ids));
    return {};
  },
};
