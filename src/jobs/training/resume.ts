/** Continues runs and searches that were interrupted. */

import { eq } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import type { Db } from '../../db/open.ts';
import { runs, runsWithJobs } from '../../db/schema.ts';
import type { AdapterReport } from '../../device/types.ts';
import { conflict } from '../../errors.ts';
import type { Engine } from '../engine/engine.ts';
import type { JobFiles } from '../engine/files.ts';
import { lockJob } from '../engine/store.ts';
import { otherAdapter } from './other-adapter.ts';

export interface ResumeContext {
  readonly db: Db;
  readonly engine: Engine;
  readonly files: JobFiles;
  readonly adapter: AdapterReport;
  /** Whether other hosts work on this database: one that has the files takes the run, and compares its own adapter. */
  readonly shared: boolean;
}

/** Queues it again, from its last checkpoint. CONFLICT if it is not INTERRUPTED, or was made on another adapter. */
export async function resumeRun(
  { db, engine, files, adapter, shared }: ResumeContext,
  runId: string,
  { allowDifferentAdapter = false }: { readonly allowDifferentAdapter?: boolean } = {},
): Promise<void> {
  const here = !shared || (await files.missing([{ kind: 'run', id: runId }])) === undefined;
  await db.transaction(async (tx) => {
    const job = await lockJob(tx, runId);
    const [run] = await tx.select().from(runsWithJobs).where(eq(runsWithJobs.id, runId));
    if (job.state !== 'INTERRUPTED') {
      throw conflict(`Run ${globalId('Run', runId)} is ${job.state}`, {
        field: 'id',
        expected: 'a run that is INTERRUPTED',
        remedy: 'Only an interrupted run can be resumed.',
      });
    }
    const refusal = allowDifferentAdapter || !here ? undefined : otherAdapter(run?.adapter ?? null, adapter);
    if (refusal) throw refusal;
    await tx.update(runs).set({ allowDifferentAdapter }).where(eq(runs.id, runId));
    await engine.requeue(tx, job);
  });
}

/** Queues a search over architectures again that was interrupted between rungs. CONFLICT if it is in another state. */
export const resumeSearch = ({ db, engine }: Pick<ResumeContext, 'db' | 'engine'>, searchId: string): Promise<void> =>
  db.transaction(async (tx) => {
    const job = await lockJob(tx, searchId);
    if (job.state === 'INTERRUPTED') return void (await engine.requeue(tx, job));
    throw conflict(`Architecture search ${globalId('ArchitectureSearch', searchId)} is ${job.state}`, {
      field: 'id',
      expected: 'a search that is INTERRUPTED',
      remedy: 'Only an interrupted search can be resumed.',
    });
  });
