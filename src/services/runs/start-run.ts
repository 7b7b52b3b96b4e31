/** startRun, cancelRun, resumeRun. */
import { randomUUID } from 'node:crypto';
import { asc, eq } from 'drizzle-orm';
import type { Transaction } from '../../db/open.ts';
import { type RunRow, runDatasets, runs } from '../../db/schema.ts';
import { conflict } from '../../errors.ts';
import { requireSameRequest } from '../common/idempotency.ts';
import { byIdempotencyKey, requireRow } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';
import { type ReadyRun, type RunRequest, readyRun } from './run-request.ts';
import { isTerminal } from './run-state.ts';

/** Inserts a run and hands it over in one transaction; the same idempotency key returns the first run. */
export async function startRun(tandem: Tandem, request: RunRequest): Promise<RunRow> {
  const ready = await readyRun(tandem, request);
  const { idempotencyKey } = request;
  const name = request.name?.trim() || nameOf(ready);
  const datasets = ready.datasets.map(({ row, weight }) => ({ datasetId: row.id, weight }));
  const now: RequestRecord = { name, modelId: ready.model.id, settings: ready.settings, datasets };
  const id = await tandem.database.db.transaction(async (tx) => {
    const before = await byIdempotencyKey(tx, 'runs', idempotencyKey);
    if (before) {
      requireSameRequest(await requestOf(tx, before), now);
      return before.id;
    }
    const id = randomUUID();
    await tandem.jobs.submitRun(tx, id);
    const { model, settings } = ready;
    await tx.insert(runs).values({ id, name, modelId: model.id, settings, idempotencyKey: idempotencyKey ?? null });
    await tx.insert(runDatasets).values(datasets.map((row, position) => ({ runId: id, position, ...row })));
    return id;
  });
  return requireRow(tandem.database.db, 'runs', id);
}

type RequestRecord = Pick<RunRow, 'name' | 'modelId' | 'settings'> & {
  readonly datasets: readonly { readonly datasetId: string; readonly weight: number }[];
};

/** What a run was asked for. */
async function requestOf(tx: Transaction, { id, name, modelId, settings }: RunRow): Promise<RequestRecord> {
  const datasets = await tx
    .select({ datasetId: runDatasets.datasetId, weight: runDatasets.weight })
    .from(runDatasets)
    .where(eq(runDatasets.runId, id))
    .orderBy(asc(runDatasets.position));
  return { name, modelId, settings, datasets };
}

function nameOf({ model, datasets }: ReadyRun): string {
  const tasks = new Set(datasets.map(({ row }) => row.task));
  return `${model.name} ${tasks.size > 1 ? 'joint' : [...tasks].join('')}`;
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
