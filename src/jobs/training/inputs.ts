/** What an attempt at a run reads: the run, its model and data sets, its start, and what it goes on from. */

import { eq } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import type { Executor } from '../../db/open.ts';
import {
  type CheckpointRow,
  checkpoints,
  type DatasetRow,
  datasets,
  type ModelRow,
  models,
  type RunDatasetRow,
  type RunDevSetRow,
  type RunRow,
  runDatasets,
  runDevSets,
  runsWithJobs,
  runTeachers,
} from '../../db/schema.ts';
import { notFound } from '../../errors.ts';
import { type Resumable, resumableOf } from '../../retention/resumable.ts';
import { startOf } from '../../retention/starts.ts';

export interface RunInputs {
  readonly run: RunRow;
  readonly model: ModelRow;
  /** In the order the run names them. */
  readonly datasets: readonly (Pick<RunDatasetRow, 'weight' | 'losses'> & { readonly dataset: DatasetRow })[];
  /** In the order the run names them. */
  readonly devSets: readonly (Pick<RunDevSetRow, 'split' | 'pooled'> & { readonly dataset: DatasetRow })[];
  /** The checkpoint that it starts from; undefined = the model as it was made. */
  readonly start: CheckpointRow | undefined;
  /** The teacher's checkpoint and the root of its lineage, whose tokenizer it has; undefined = the run has none. */
  readonly teacher: { readonly checkpoint: CheckpointRow; readonly model: ModelRow } | undefined;
  /** The checkpoints that have their state, the last one first. */
  readonly resumable: readonly Resumable[];
}

/** NOT_FOUND, too, if the run is deleted with its model meanwhile. */
export async function readInputs(db: Executor, runId: string): Promise<RunInputs> {
  const [run] = await db.select().from(runsWithJobs).where(eq(runsWithJobs.id, runId));
  const [model] = run ? await db.select().from(models).where(eq(models.id, run.modelId)) : [];
  if (!run || !model) throw noRun(runId);
  const named = await db
    .select({ weight: runDatasets.weight, losses: runDatasets.losses, dataset: datasets })
    .from(runDatasets)
    .innerJoin(datasets, eq(datasets.id, runDatasets.datasetId))
    .where(eq(runDatasets.runId, runId))
    .orderBy(runDatasets.position);
  const devSets = await db
    .select({ split: runDevSets.split, pooled: runDevSets.pooled, dataset: datasets })
    .from(runDevSets)
    .innerJoin(datasets, eq(datasets.id, runDevSets.datasetId))
    .where(eq(runDevSets.runId, runId))
    .orderBy(runDevSets.position);
  const start = await startOf(db, runId);
  if (start && !start.checkpoint) throw noStart(run);
  const [teacher] = await db
    .select({ checkpoint: checkpoints, model: models })
    .from(runTeachers)
    .innerJoin(checkpoints, eq(checkpoints.id, runTeachers.checkpointId))
    .innerJoin(models, eq(models.id, checkpoints.modelId))
    .where(eq(runTeachers.runId, runId));
  return {
    run,
    model,
    datasets: named,
    devSets,
    start: start?.checkpoint,
    teacher,
    resumable: await resumableOf(db, runId),
  };
}

const noStart = ({ name }: RunRow) =>
  notFound(`The run before "${name}" has no checkpoint that it could start from`, {
    field: 'checkpoint',
    expected: 'a checkpoint of the run before it',
    remedy: 'Start a run from a checkpoint that is there.',
  });

const noRun = (runId: string) =>
  notFound(`There is no run ${globalId('Run', runId)}`, { field: 'id', remedy: 'List the runs for their ids.' });
