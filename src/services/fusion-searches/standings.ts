/** Where the candidates of searches stand so far. */
import { and, asc, eq, inArray, or } from 'drizzle-orm';
import type { Executor } from '../../db/open.ts';
import { type FusionCandidateRow, type FusionSearchRow, fusionCandidates } from '../../db/schema.ts';
import { bestSingleOf, frontOf, winnerOf } from '../../jobs/searching/standings.ts';
import { groupBy } from '../common/group-by.ts';
import type { Tandem } from '../tandem.ts';

export interface Standings {
  readonly winner: FusionCandidateRow | null;
  /** The best of the checkpoints as they are. */
  readonly single: FusionCandidateRow | null;
  readonly front: readonly FusionCandidateRow[];
}

const { searchId, number, origin, score, ir, sts } = fusionCandidates;

/** In the order of the searches. Candidates are compared by these columns; those that stand out are read whole. */
export async function standingsOf(
  { database: { db } }: Tandem,
  searches: readonly FusionSearchRow[],
): Promise<Standings[]> {
  const compared = await db
    .select({ searchId, number, origin, score, ir, sts })
    .from(fusionCandidates)
    .where(inArray(searchId, [...new Set(searches.map(({ id }) => id))]))
    .orderBy(asc(number));
  const groups = groupBy(compared, (row) => row.searchId);
  const chosen = searches.map(({ id, request: { strategy } }) => {
    const rows = groups.get(id) ?? [];
    return { winner: winnerOf(rows, strategy), single: bestSingleOf(rows), front: frontOf(rows) };
  });
  const places = chosen.flatMap(({ winner, single, front }) => [winner ?? [], single ?? [], front].flat());
  const whole = await wholeRows(db, places);
  return chosen.map(({ winner, single, front }) => ({
    winner: (winner && whole(winner)) ?? null,
    single: (single && whole(single)) ?? null,
    front: front.flatMap((row) => whole(row) ?? []),
  }));
}

type Place = Pick<FusionCandidateRow, 'searchId' | 'number'>;

/** Finds the row of each of these candidates. */
async function wholeRows(db: Executor, places: readonly Place[]) {
  const numbers = groupBy(places, (place) => place.searchId);
  const named = [...numbers].map(([id, own]) => {
    return and(eq(searchId, id), inArray(number, [...new Set(own.map((place) => place.number))]));
  });
  const rows =
    named.length === 0
      ? []
      : await db
          .select()
          .from(fusionCandidates)
          .where(or(...named));
  const found = new Map(rows.map((row) => [keyOf(row), row]));
  return (place: Place): FusionCandidateRow | undefined => found.get(keyOf(place));
}

const keyOf = (place: Place): string => `${place.searchId}/${place.number}`;
