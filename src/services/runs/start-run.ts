/** startRun, cancelRun, resumeRun. */
import { randomUUID } from 'node:crypto';
import { asc, eq, sql } from 'drizzle-orm';
import type { Transaction } from '../../db/open.ts';
import {
  type RunDatasetRow,
  type RunDevSetRow,
  type RunRow,
  runDatasets,
  runDevSets,
  runStarts,
  runs,
} from '../../db/schema.ts';
import { conflict, invariant } from '../../errors.ts';
import { requireSameRequest } from '../common/idempotency.ts';
import { byIdempotencyKey, requireRow } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';
import { requireOptimizerState } from './origin.ts';
import { isTerminal } from './run-state.ts';
import { type ReadyStage, type RunRequest, readyRuns } from './stages.ts';

/**
 * Inserts a run and its stages and hands them over in one transaction; the same idempotency key returns the first ones.
 */
export async function startRun(tandem: Tandem, request: RunRequest): Promise<readonly [RunRow, ...RunRow[]]> {
  const ready = await readyRuns(tandem, request);
  const { idempotencyKey = null } = request;
  const { db } = tandem.database;
  const ids = await db.transaction(async (tx) => {
    const before = await byIdempotencyKey(tx, 'runs', idempotencyKey);
    if (before) {
      const made = await requestOf(tx, before);
      requireSameRequest(
        made.map(({ record }) => record),
        ready.map(recordOf),
      );
      return made.map(({ id }) => id);
    }
    await requireOptimizerState(tx, ready[0]);
    const made: string[] = [];
    for (const run of ready) {
      const after = made.at(-1) ?? null;
      made.push(await insertRun(tandem, tx, run, { after, idempotencyKey: after === null ? idempotencyKey : null }));
    }
    return made;
  });
  const [first, ...stages] = await Promise.all(ids.map((id) => requireRow(db, 'runs', id)));
  invariant(first, 'a request without a run');
  return [first, ...stages];
}

async function insertRun(
  tandem: Tandem,
  tx: Transaction,
  run: ReadyStage,
  { after, idempotencyKey }: { readonly after: string | null; readonly idempotencyKey: string | null },
): Promise<string> {
  const id = randomUUID();
  const { name, modelId, settings, startId, from, datasets, devSets } = recordOf(run);
  await tandem.jobs.submitRun(tx, id, { after });
  // Later than the run before it, of the same transaction.
  const createdAt = sql`clock_timestamp()`;
  await tx.insert(runs).values({ id, createdAt, name, modelId, settings, idempotencyKey });
  await tx.insert(runDatasets).values(datasets.map((row, position) => ({ runId: id, position, ...row })));
  if (devSets.length > 0) {
    await tx.insert(runDevSets).values(devSets.map((row, position) => ({ runId: id, position, ...row })));
  }
  if (startId !== null || after !== null) {
    await tx.insert(runStarts).values({ runId: id, checkpointId: startId, afterId: after, choice: from });
  }
  return id;
}

/** What a run was asked for. */
interface RequestRecord extends Pick<RunRow, 'name' | 'modelId' | 'settings'> {
  /** Null of a stage, also of one that has begun, and of a run that starts from its model as it was made. */
  readonly startId: string | null;
  readonly from: ReadyStage['from'];
  readonly datasets: readonly Pick<RunDatasetRow, 'datasetId' | 'weight' | 'losses'>[];
  readonly devSets: readonly Pick<RunDevSetRow, 'datasetId' | 'split' | 'pooled'>[];
}

const recordOf = ({ name, model, start, settings, from, datasets, devSets }: ReadyStage): RequestRecord => ({
  ...{ name, modelId: model.id, settings, from },
  startId: start?.id ?? null,
  devSets: devSets.map(({ row, split, pooled }) => ({ datasetId: row.id, split, pooled })),
  datasets: datasets.map(({ row, weight, losses }) => ({ datasetId: row.id, weight, losses })),
});

/** A run and the stages behind it, as they were asked for. */
async function requestOf(
  tx: Transaction,
  { id, name, modelId, settings }: RunRow,
): Promise<readonly { readonly id: string; readonly record: RequestRecord }[]> {
  const datasets = await tx
    .select({ datasetId: runDatasets.datasetId, weight: runDatasets.weight, losses: runDatasets.losses })
    .from(runDatasets)
    .where(eq(runDatasets.runId, id))
    .orderBy(asc(runDatasets.position));
  const devSets = await tx
    .select({ datasetId: runDevSets.datasetId, split: runDevSets.split, pooled: runDevSets.pooled })
    .from(runDevSets)
    .where(eq(runDevSets.runId, id))
    .orderBy(asc(runDevSets.position));
  const [start] = await tx.select().from(runStarts).where(eq(runStarts.runId, id));
  const from = start?.choice ?? null;
  const startId = from === null ? (start?.checkpointId ?? null) : null;
  const [behind] = await tx.select({ id: runStarts.runId }).from(runStarts).where(eq(runStarts.afterId, id));
  const next = behind ? await requestOf(tx, await requireRow(tx, 'runs', behind.id)) : [];
  return [{ id, record: { name, modelId, settings, from, startId, datasets, devSets } }, ...next];
}

/** Stops a run; one that has ended is a CONFLICT. */
export async function cancelRun(tandem: Tandem, id: string): Promise<RunRow> {
  const run = await requireRow(tandem.database.db, 'runs', id);
  if (isTerminal(run.state)) {
    throw conflict(`The run "${run.name}" has ended: ${run.state}`, {
      field: 'id',
      expected: 'a run that is queued, running or interrupted',
      remedy: 'There is nothing to cancel.',
    });
  }
  await tandem.jobs.cancel(id);
  return requireRow(tandem.database.db, 'runs', id);
}

/** Continues a run that was interrupted. Whether it may is tested where its row is locked. */
export async function resumeRun(
  tandem: Tandem,
  id: string,
  options: { readonly allowDifferentAdapter: boolean },
): Promise<RunRow> {
  await requireRow(tandem.database.db, 'runs', id);
  await tandem.jobs.resumeRun(id, options);
  return requireRow(tandem.database.db, 'runs', id);
}
