/**
 * The audit log: who asked for which mutation, and how it ended. An entry is written before its mutation runs, and a
 * mutation whose entry cannot be written does not run, so that nothing is changed that is not in the log. How it ended
 * is added behind; an entry without an outcome is of one that is under way, or whose process died.
 */
import { and, asc, eq, inArray, lt, sql } from 'drizzle-orm';
import type { Database, Db } from '../../db/open.ts';
import { auditEntries, type ConnectionKind } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import { createLogger } from '../../log.ts';
import { type Keeping, removeInPortions } from '../common/keeping.ts';
import type { Caller } from './types.ts';

export interface AuditRecord {
  readonly caller: Caller;
  readonly connection: ConnectionKind;
  readonly mutation: string;
  /** What the client calls its operation. */
  readonly operation: string | null;
  /** Without texts, which may be secrets or people's data. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Global ids in the arguments. */
  readonly touched: readonly string[];
}

/** Of what a mutation came to. */
interface Judge<Result> {
  /** Global ids in the result. */
  readonly idsOf: (result: Result) => readonly string[];
  /** The code with which an error is told. */
  readonly codeOf: (error: unknown) => string;
}

/** Ids in one entry: as many as one mutation may name, and those of its result. */
const mostIds = 1_001;

/** Runs a mutation with its entry. */
export async function audited<Result>(
  { db }: Pick<Database, 'db'>,
  record: AuditRecord,
  work: () => Promise<Result>,
  { idsOf, codeOf }: Judge<Result>,
): Promise<Result> {
  const id = await begin(db, record);
  try {
    const result = await work();
    await end(db, id, 'OK', [...record.touched, ...idsOf(result)]);
    return result;
  } catch (error) {
    await end(db, id, codeOf(error), record.touched);
    throw error;
  }
}

async function begin(db: Db, { caller, touched, ...request }: AuditRecord): Promise<string> {
  const { keyId, name, role } = caller;
  const [row] = await db
    .insert(auditEntries)
    .values({ ...request, keyId, caller: name, role, touched: once(touched) })
    .returning({ id: auditEntries.id });
  invariant(row, 'an insert returned nothing');
  return row.id;
}

/** What was done stays done, and its caller is answered, also where this cannot be written. */
async function end(db: Db, id: string, outcome: string, touched: readonly string[]): Promise<void> {
  await db
    .update(auditEntries)
    .set({ outcome, endedAt: sql`now()`, touched: once(touched) })
    .where(eq(auditEntries.id, id))
    .catch((error: unknown) => createLogger('audit').error({ error, id, outcome }, 'an outcome was not written'));
}

const once = (ids: readonly string[]): string[] => [...new Set(ids)].slice(0, mostIds);

export const auditKeeping: Keeping = { days: 90, atLeast: 100_000 };

/** Removes the oldest entries that are both too old and too many. */
export async function forgetAudit(db: Db, { days, atLeast }: Keeping = auditKeeping): Promise<void> {
  const { createdAt, id } = auditEntries;
  const newest = sql`(select created_at from audit_entries order by created_at desc, id desc offset ${atLeast} limit 1)`;
  await removeInPortions((most) => {
    const oldest = db
      .select({ id })
      .from(auditEntries)
      .where(and(lt(createdAt, sql`now() - make_interval(days => ${days})`), sql`${createdAt} <= ${newest}`))
      .orderBy(asc(createdAt))
      .limit(most);
    return db.delete(auditEntries).where(inArray(id, oldest));
  });
}
