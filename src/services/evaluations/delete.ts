/** Deleting evaluations, which go with what they are of. */
import type { SQL } from 'drizzle-orm';
import type { Transaction } from '../../db/open.ts';
import { evaluations } from '../../db/schema.ts';

/** Deletes those that meet the condition; the digests of their units, to release after the commit. */
export async function deleteEvaluations(tx: Transaction, condition: SQL): Promise<readonly (string | null)[]> {
  const rows = await tx.delete(evaluations).where(condition).returning({ units: evaluations.unitsDigest });
  return rows.map(({ units }) => units);
}
