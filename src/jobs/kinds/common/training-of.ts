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
import type { FusionMethod } from '../../../fusion/catalog.ts';
import { planText } from '../../../fusion/plan/text.ts';
import { checkpointNames } from './checkpoint-names.ts';

export interface Training {
  /** How what the first of the runs started from was fused; null = it was the model as it was made. */
  readonly fusion: Fusion | null;
  /** The runs that made updates, oldest first. */
  readonly stages: readonly Stage[];
}

interface Fusion {
  /** Of the root of its plan. */
  readonly method: FusionMethod;
  /** The plan for people, with names of its checkpoints: an indented tree. */
  readonly text: string;
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
    const { runId, step, epoch } = at;
    if (runId === null) return { fusion: await fusionOf(db, at), stages };
    if (step > 0) stages.unshift({ datasets: await datasetsOf(db, runId), step, epoch });
    const [start] = await db.select().from(runStarts).where(eq(runStarts.runId, runId));
    // Of a run that has checkpoints it is known; a run without one started from its model.
    if (!start?.checkpointId) return { fusion: null, stages };
    at = await requireRow(db, 'checkpoints', start.checkpointId);
  }
}

async function fusionOf(db: Executor, { id, fusion }: CheckpointRow): Promise<Fusion | null> {
  if (fusion === null) return null;
  const rows = await db
    .select({ parent: checkpoints })
    .from(checkpointParents)
    .innerJoin(checkpoints, eq(checkpoints.id, checkpointParents.parentId))
    .where(eq(checkpointParents.checkpointId, id))
    .orderBy(checkpointParents.position);
  const parents = rows.map(({ parent }) => parent);
  const text = planText(fusion, await checkpointNames(db, parents));
  return { method: fusion.method, text, datasets: await datasetsOfAll(db, parents) };
}

async function datasetsOfAll(db: Executor, parents: readonly CheckpointRow[]): Promise<string[]> {
  const names: string[] = [];
  for (const parent of parents) {
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
