/** Whether a database takes writes now. Asked after a write failed, and by GET /ready. */
import { sql } from 'drizzle-orm';
import type { Db } from './handle.ts';

/** Rejects with the driver's error if it cannot be asked. */
export async function takesWrites(db: Pick<Db, 'execute'>): Promise<boolean> {
  const { rows } = await db.execute<{ readonly transaction_read_only: string }>(sql`show transaction_read_only`);
  return rows[0]?.transaction_read_only === 'off';
}
