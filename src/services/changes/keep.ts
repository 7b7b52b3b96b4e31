/** How long changes are kept: as long as somebody may come back who was away for a while. */
import { and, asc, inArray, lt, lte, sql } from 'drizzle-orm';
import type { Db } from '../../db/open.ts';
import { changeCounter, changes } from '../../db/schema.ts';
import { type Keeping, removeInPortions } from '../common/keeping.ts';

export const keeping: Keeping = { days: 7, atLeast: 100_000 };

/** Removes the oldest changes that are both too old and too many. The rest is without gaps. */
export async function forgetChanges(db: Db, { days, atLeast }: Keeping = keeping): Promise<void> {
  const tooOld = lt(changes.at, sql`now() - make_interval(days => ${days})`);
  await removeInPortions((most) => {
    const oldest = db
      .select({ seq: changes.seq })
      .from(changes)
      .where(lte(changes.seq, sql`(select ${changeCounter.seq} - ${atLeast} from ${changeCounter})`))
      .orderBy(asc(changes.seq))
      .limit(most);
    return db.delete(changes).where(and(inArray(changes.seq, oldest), tooOld));
  });
}
