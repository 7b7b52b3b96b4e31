/** What a run was asked for, and the rows that say so. */
import { sql } from 'drizzle-orm';
import type { Transaction } from '../../db/open.ts';
import {
  type RunDatasetRow,
  type RunDevSetRow,
  type RunRow,
  runDatasets,
  runDevSets,
  runStarts,
  runs,
  runTeachers,
  type StageStart,
} from '../../db/schema.ts';

export interface RunRecord extends Pick<RunRow, 'name' | 'modelId' | 'settings'> {
  /** Null of a stage, also of one that has begun, and of a run that starts from its model as it was made. */
  readonly startId: string | null;
  /** Null = it is no stage. */
  readonly from: StageStart | null;
  readonly datasets: readonly Pick<RunDatasetRow, 'datasetId' | 'weight' | 'losses'>[];
  readonly devSets: readonly Pick<RunDevSetRow, 'datasetId' | 'split' | 'pooled'>[];
  /** A checkpoint; null and absent = it has no teacher. */
  readonly teacherId?: string | null;
}

/** Inserts the rows of a run whose job was queued in the same transaction. `after` is the run before a stage. */
export async function insertRunRecord(
  tx: Transaction,
  id: string,
  { name, modelId, settings, startId, from, datasets, devSets, teacherId = null }: RunRecord,
  {
    after = null,
    idempotencyKey = null,
  }: { readonly after?: string | null; readonly idempotencyKey?: string | null } = {},
): Promise<void> {
  // Later than the run before it, of the same transaction.
  const createdAt = sql`clock_timestamp()`;
  await tx.insert(runs).values({ id, createdAt, name, modelId, settings, idempotencyKey });
  await tx.insert(runDatasets).values(datasets.map((row, position) => ({ runId: id, position, ...row })));
  if (devSets.length > 0) {
    await tx.insert(runDevSets).values(devSets.map((row, position) => ({ runId: id, position, ...row })));
  }
  if (teacherId !== null) await tx.insert(runTeachers).values({ runId: id, checkpointId: teacherId });
  if (startId !== null || after !== null) {
    await tx.insert(runStarts).values({ runId: id, checkpointId: startId, afterId: after, choice: from });
  }
}
