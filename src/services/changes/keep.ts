/** How long changes are kept: as long as somebody may come back who was away for a while. */
import { and, asc, inArray, lt, lte, sql } from 'drizzle-orm';
import type { Db } from '../../db/open.ts';
import { changeCounter, changes } from '../../db/schema.ts';

/** Kept at least so long, and at least so many of them. */
interface Keeping {
  readonly days: number;
  readonly atLeast: number;
}

export const keeping: Keeping = { days: 7, atLeast: 100_000 };

/** Removed by one statement: others wait for the embedded database meanwhile. */
const portion = 5_000;

/** Removes the oldest changes that are both too old and too many. The rest is without gaps. */
export async function forgetChanges(db: Db, { days, atLeast }: Keeping = keeping): Promise<void> {
  for (let removed = portion; removed === portion; ) {
    const oldest = db
      .select({ seq: changes.seq })
      .from(changes)
      .where(lte(changes.seq, sql`(select ${changeCounter.seq} - ${atLeast} from ${changeCounter})`))
      .orderBy(asc(changes.seq))
      .limit(portion);
    const tooOld = lt(changes.at, sql`now() - make_interval(days => ${days})`);
    const { rowCount } = await db.delete(changes).where(and(inArray(changes.seq, oldest), tooOld));
    removed = rowCount ?? 0;
  }
}
