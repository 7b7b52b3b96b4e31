/** What searches over architectures consist of: candidates, rungs, and who won. */
import { asc, inArray } from 'drizzle-orm';
import {
  type ArchitectureCandidateRow,
  type ArchitectureSearchRow,
  type ArchitectureTrialRow,
  architectureCandidates,
  architectureTrials,
} from '../../db/schema.ts';
import { nextOf, type Rung, rungSizes, rungSteps } from '../../jobs/architecture-search/halving.ts';
import { groupBy } from '../common/group-by.ts';
import type { Tandem } from '../tandem.ts';

/** A candidate with what its runs have shown so far, by rung. */
export interface Candidate extends ArchitectureCandidateRow {
  readonly trials: readonly ArchitectureTrialRow[];
}

/** A rung as it is planned, with its trials once it has begun. */
export interface RungView extends Omit<Rung, 'candidates'> {
  /** Number of candidates that halving takes into it. */
  readonly size: number;
  readonly trials: readonly ArchitectureTrialRow[];
}

export interface Parts {
  /** In the order of the draw. */
  readonly candidates: readonly Candidate[];
  readonly rungs: readonly RungView[];
  /** The candidate that won; null unless the search SUCCEEDED. */
  readonly winner: Candidate | null;
}

/** In the order of the searches. */
export async function partsOf(
  { database: { db } }: Tandem,
  searches: readonly ArchitectureSearchRow[],
): Promise<Parts[]> {
  const ids = [...new Set(searches.map(({ id }) => id))];
  const [candidates, trials] = await Promise.all([
    db
      .select()
      .from(architectureCandidates)
      .where(inArray(architectureCandidates.searchId, ids))
      .orderBy(asc(architectureCandidates.number)),
    db
      .select()
      .from(architectureTrials)
      .where(inArray(architectureTrials.searchId, ids))
      .orderBy(asc(architectureTrials.rung), asc(architectureTrials.candidate)),
  ]);
  const candidatesBy = groupBy(candidates, ({ searchId }) => searchId);
  const trialsBy = groupBy(trials, ({ searchId }) => searchId);
  return searches.map((search) => parts(search, candidatesBy.get(search.id) ?? [], trialsBy.get(search.id) ?? []));
}

function parts(
  { state, eta, steps }: ArchitectureSearchRow,
  rows: readonly ArchitectureCandidateRow[],
  trials: readonly ArchitectureTrialRow[],
): Parts {
  const plan = { candidates: rows.length, eta, steps };
  const byCandidate = groupBy(trials, ({ candidate }) => candidate);
  const byRung = groupBy(trials, ({ rung }) => rung);
  const candidates = rows.map((row) => ({ ...row, trials: byCandidate.get(row.number) ?? [] }));
  const stepsOf = rungSteps(plan);
  const rungs = rungSizes(plan).map((size, number) => ({
    ...{ number, size, steps: stepsOf[number] ?? 1 },
    trials: byRung.get(number) ?? [],
  }));
  const next = state === 'SUCCEEDED' ? nextOf(plan, trials) : undefined;
  const winner = next?.type === 'winner' ? candidates.find(({ number }) => number === next.candidate) : undefined;
  return { candidates, rungs, winner: winner ?? null };
}
