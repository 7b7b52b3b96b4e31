/** The leaderboard of a suite: all that was evaluated on one of its splits, ordered by a column. */
import { asc, inArray } from 'drizzle-orm';
import type { Task } from '../../data/types.ts';
import { latestEvaluations } from '../../db/latest-evaluations.ts';
import { checkpoints, evaluations } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { groupBy } from '../common/group-by.ts';
import type { Tandem } from '../tandem.ts';
import type { SuiteEntry } from './entries.ts';
import { type Figure, resultFrom, type SuiteResult, splitsOf } from './result.ts';

/** What a leaderboard is ordered by. */
export type LeaderboardColumn =
  | { readonly by: 'mean' }
  | { readonly by: 'task'; readonly task: Task }
  | { readonly by: 'domain'; readonly domain: string }
  /** A split, by its place among the entries, from 0. */
  | { readonly by: 'entry'; readonly entry: number };

export interface LeaderboardRequest {
  readonly entries: readonly SuiteEntry[];
  /** Absent or null = all, and the baseline. */
  readonly checkpointIds?: readonly string[] | null;
  readonly column: LeaderboardColumn;
  readonly direction: 'asc' | 'desc';
}

export async function leaderboard(
  tandem: Tandem,
  { entries, checkpointIds, column, direction }: LeaderboardRequest,
): Promise<SuiteResult[]> {
  checkColumn(column, entries);
  const { db } = tandem.database;
  const only = checkpointIds ? inArray(evaluations.checkpointId, [...checkpointIds]) : undefined;
  const found = await latestEvaluations(db, splitsOf(entries), only);
  const groups = groupBy(found, ({ checkpointId }) => checkpointId);
  const rows = (await subjectsOf(tandem, [...groups.keys()]))
    .map((id) => resultFrom(tandem, id, entries, groups.get(id) ?? []))
    .filter(({ cells }) => cells.some(({ evaluation }) => evaluation));
  return sorted(rows, (row) => figureOf(row, column), direction === 'asc' ? 1 : -1);
}

/** The baseline first, then the checkpoints from the oldest on: the order of rows of equal figures. */
async function subjectsOf(
  { database: { db } }: Tandem,
  evaluated: readonly (string | null)[],
): Promise<(string | null)[]> {
  const ids = evaluated.filter((id) => id !== null);
  const ordered = await db
    .select({ id: checkpoints.id })
    .from(checkpoints)
    .where(inArray(checkpoints.id, ids))
    .orderBy(asc(checkpoints.createdAt), asc(checkpoints.id));
  return [null, ...ordered.map(({ id }) => id)];
}

/** Stable; undefined figures come last in either direction. */
function sorted<Row>(rows: readonly Row[], figure: (row: Row) => Figure, sign: 1 | -1): Row[] {
  const value = (row: Row): number | undefined => {
    const found = figure(row);
    return 'value' in found ? found.value : undefined;
  };
  return rows.toSorted((a, b) => {
    const [first, second] = [value(a), value(b)];
    if (first === undefined || second === undefined) return Number(first === undefined) - Number(second === undefined);
    return sign * (first - second);
  });
}

function figureOf({ mean, tasks, domains, cells }: SuiteResult, column: LeaderboardColumn): Figure {
  if (column.by === 'task') return tasks.find(({ task }) => task === column.task)!.figure;
  if (column.by === 'domain') return domains.find(({ domain }) => domain === column.domain)!.mean;
  return column.by === 'entry' ? cells[column.entry]!.figure : mean;
}

function checkColumn(column: LeaderboardColumn, entries: readonly SuiteEntry[]): void {
  const refuse = (field: string, problem: string, expected: string): never => {
    throw badInput(problem, { field: `orderBy.${field}`, expected, remedy: 'Order by what the suite has.' });
  };
  if (column.by === 'task' && !entries.some(({ dataset }) => dataset.task === column.task)) {
    refuse('task', 'The suite has no such task', 'a task that one of its splits has');
  }
  if (column.by === 'domain' && !entries.some(({ domain }) => domain === column.domain)) {
    refuse('domain', `The suite has no domain "${column.domain}"`, 'a domain that one of its splits has');
  }
  if (column.by === 'entry' && entries[column.entry] === undefined) {
    refuse('entry', `The suite has no entry ${column.entry}`, `a whole number from 0 to ${entries.length - 1}`);
  }
}
