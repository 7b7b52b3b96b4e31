/** How the checkpoints of a search fall into groups: by the runs that made them, and by what these trained. */
import { eq, inArray } from 'drizzle-orm';
import { type CheckpointRow, datasets, runDatasets } from '../../db/schema.ts';
import type { Grouping } from '../../fusion/search/types.ts';
import type { Tandem } from '../tandem.ts';

/** Those with two groups or more, one of them of two checkpoints or more; each once. */
export async function groupingsOf(tandem: Tandem, checkpoints: readonly CheckpointRow[]): Promise<Grouping[]> {
  const tasks = await tasksOfRuns(tandem, checkpoints);
  // A checkpoint of no run is a group of its own.
  const byRun = groupedBy(checkpoints, ({ id, runId }) => runId ?? id);
  const byTasks = groupedBy(checkpoints, ({ id, runId }) => tasks.get(runId ?? '') ?? id);
  const found = [byRun, byTasks].filter((groups) => groups.length > 1 && groups.length < checkpoints.length);
  return found.filter(
    (groups, i) => found.findIndex((other) => JSON.stringify(other) === JSON.stringify(groups)) === i,
  );
}

/** Places of the checkpoints, in groups by their keys, in order of appearance. */
function groupedBy(checkpoints: readonly CheckpointRow[], keyOf: (row: CheckpointRow) => string): Grouping {
  const groups = new Map<string, number[]>();
  for (const [place, row] of checkpoints.entries()) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), place]);
  return [...groups.values()];
}

/** The tasks of the data sets of each run, as `ir,sts`. */
async function tasksOfRuns(
  { database: { db } }: Tandem,
  checkpoints: readonly CheckpointRow[],
): Promise<ReadonlyMap<string, string>> {
  const runIds = checkpoints.flatMap(({ runId }) => runId ?? []);
  if (runIds.length === 0) return new Map();
  const rows = await db
    .selectDistinct({ runId: runDatasets.runId, task: datasets.task })
    .from(runDatasets)
    .innerJoin(datasets, eq(datasets.id, runDatasets.datasetId))
    .where(inArray(runDatasets.runId, runIds))
    .orderBy(datasets.task);
  const tasks = new Map<string, string>();
  for (const { runId, task } of rows) tasks.set(runId, [tasks.get(runId) ?? [], task].flat().join(','));
  return tasks;
}
