/** What an attempt at a run reads: the run, its model and data sets, and the checkpoint that it goes on from. */

import { and, desc, eq, isNotNull } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import type { Executor } from '../../db/open.ts';
import {
  checkpoints,
  type DatasetRow,
  datasets,
  type ModelRow,
  models,
  type RunRow,
  runDatasets,
  runsWithJobs,
} from '../../db/schema.ts';
import { notFound } from '../../errors.ts';

export interface RunInputs {
  readonly run: RunRow;
  readonly model: ModelRow;
  /** In the order the run names them. */
  readonly datasets: readonly { readonly weight: number; readonly dataset: DatasetRow }[];
  readonly resume: { readonly id: string; readonly model: string; readonly state: string } | undefined;
}

/** NOT_FOUND, too, if the run is deleted with its model meanwhile. */
export async function readInputs(db: Executor, runId: string): Promise<RunInputs> {
  const [run] = await db.select().from(runsWithJobs).where(eq(runsWithJobs.id, runId));
  const [model] = run ? await db.select().from(models).where(eq(models.id, run.modelId)) : [];
  if (!run || !model) throw noRun(runId);
  const named = await db
    .select({ weight: runDatasets.weight, dataset: datasets })
    .from(runDatasets)
    .innerJoin(datasets, eq(datasets.id, runDatasets.datasetId))
    .where(eq(runDatasets.runId, runId))
    .orderBy(runDatasets.position);
  // The last checkpoint that has its state.
  const [last] = await db
    .select()
    .from(checkpoints)
    .where(and(eq(checkpoints.runId, runId), isNotNull(checkpoints.stateDigest)))
    .orderBy(desc(checkpoints.step))
    .limit(1);
  const resume = last?.stateDigest ? { id: last.id, model: last.digest, state: last.stateDigest } : undefined;
  return { run, model, datasets: named, resume };
}

const noRun = (runId: string) =>
  notFound(`There is no run ${globalId('Run', runId)}`, { field: 'id', remedy: 'List the runs for their ids.' });
