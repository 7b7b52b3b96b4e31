/** startRun, cancelRun, resumeRun. */
import { randomUUID } from 'node:crypto';
import { asc, eq } from 'drizzle-orm';
import type { Transaction } from '../../db/open.ts';
import { type RunRow, runDatasets, runDevSets, runStarts, runTeachers } from '../../db/schema.ts';
import { conflict, invariant } from '../../errors.ts';
import { insertRunRecord, type RunRecord } from '../../jobs/training/run-record.ts';
import { requireSameRequest } from '../common/idempotency.ts';
import { byIdempotencyKey, requireRow } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';
import { requireOptimizerState } from './origin.ts';
import { isTerminal } from './run-state.ts';
import { type ReadyStage, type RunRequest, readyRuns } from './stages.ts';

/**
 * Inserts a run and its stages and hands them over in one transaction; the same idempotency key returns the first ones.
 */
export async function startRun(
  tandem: Tandem,
  request: RunRequest,
  signal: AbortSignal,
): Promise<readonly [RunRow, ...RunRow[]]> {
  const ready = await readyRuns(tandem, request, signal);
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
  await tandem.jobs.submitRun(tx, id, { after });
  await insertRunRecord(tx, id, recordOf(run), { after, idempotencyKey });
  return id;
}

const recordOf = ({ name, model, start, settings, from, datasets, devSets, teacher }: ReadyStage): RunRecord => ({
  ...{ name, modelId: model.id, settings, from },
  startId: start?.id ?? null,
  teacherId: teacher?.checkpoint.id ?? null,
  devSets: devSets.map(({ row, split, pooled }) => ({ datasetId: row.id, split, pooled })),
  datasets: datasets.map(({ row, weight, losses }) => ({ datasetId: row.id, weight, losses })),
});

/** A run and the stages behind it, as they were asked for. */
async function requestOf(
  tx: Transaction,
  { id, name: nameNow, madeAs, modelId, settings }: RunRow,
): Promise<readonly { readonly id: string; readonly record: RunRecord }[]> {
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
  const [taught] = await tx.select().from(runTeachers).where(eq(runTeachers.runId, id));
  const teacherId = taught?.checkpointId ?? null;
  const [start] = await tx.select().from(runStarts).where(eq(runStarts.runId, id));
  const from = start?.choice ?? null;
  const startId = from === null ? (start?.checkpointId ?? null) : null;
  const [behind] = await tx.select({ id: runStarts.runId }).from(runStarts).where(eq(runStarts.afterId, id));
  const name = madeAs ?? nameNow;
  const next = behind ? await requestOf(tx, await requireRow(tx, 'runs', behind.id)) : [];
  return [{ id, record: { name, modelId, settings, from, startId, teacherId, datasets, devSets } }, ...next];
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
