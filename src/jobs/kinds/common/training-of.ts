/** What a checkpoint went through, over all runs that it descends from by their starts. */
import { eq } from 'drizzle-orm';
import type { Executor } from '../../../db/open.ts';
import { requireRow } from '../../../db/rows.ts';
import {
  type CheckpointRow,
  checkpointParents,
  checkpoints,
  datasets,
  runDatasets,
  runStarts,
} from '../../../db/schema.ts';

export interface Training {
  /** How what the first of the runs started from was fused; null = it was the model as it was made. */
  readonly fusion: Fusion | null;
  /** The runs that made updates, oldest first. */
  readonly stages: readonly Stage[];
}

interface Fusion {
  readonly method: NonNullable<CheckpointRow['fusion']>['method'];
  /** Names of the data sets that its parents were trained on, each once, in the order of the parents. */
  readonly datasets: readonly string[];
}

interface Stage {
  /** Names of the data sets that it trained on. */
  readonly datasets: readonly string[];
  /** Updates that it made, and epochs that it finished. */
  readonly step: number;
  readonly epoch: number;
}

export async function trainingOf(db: Executor, checkpoint: CheckpointRow): Promise<Training> {
  const stages: Stage[] = [];
  for (let at = checkpoint; ; ) {
    const { runId, step, epoch, fusion } = at;
    if (runId === null) {
      return { fusion: fusion && { method: fusion.method, datasets: await datasetsOfParents(db, at.id) }, stages };
    }
    if (step > 0) stages.unshift({ datasets: await datasetsOf(db, runId), step, epoch });
    const [start] = await db.select().from(runStarts).where(eq(runStarts.runId, runId));
    // Of a run that has checkpoints it is known; a run without one started from its model.
    if (!start?.checkpointId) return { fusion: null, stages };
    at = await requireRow(db, 'checkpoints', start.checkpointId);
  }
}

async function datasetsOfParents(db: Executor, fusedId: string): Promise<string[]> {
  const rows = await db
    .select({ parent: checkpoints })
    .from(checkpointParents)
    .innerJoin(checkpoints, eq(checkpoints.id, checkpointParents.parentId))
    .where(eq(checkpointParents.checkpointId, fusedId))
    .orderBy(checkpointParents.position);
  const names: string[] = [];
  for (const { parent } of rows) {
    const { fusion, stages } = await trainingOf(db, parent);
    names.push(...(fusion?.datasets ?? []), ...stages.flatMap((stage) => stage.datasets));
  }
  return [...new Set(names)];
}

async function datasetsOf(db: Executor, runId: string): Promise<string[]> {
  const used = await db
    .select({ name: datasets.name })
    .from(runDatasets)
    .innerJoin(datasets, eq(datasets.id, runDatasets.datasetId))
    .where(eq(runDatasets.runId, runId))
    .orderBy(runDatasets.position);
  return used.map(({ name }) => name);
}
