/** The folders of storage that work with these uses reads: a host can do it only where they lie. */
import { eq, inArray } from 'drizzle-orm';
import type { Executor } from '../db/open.ts';
import type { Use } from '../db/schema/types.ts';
import {
  checkpoints,
  collections,
  datasets,
  models,
  runDatasets,
  runDevSets,
  runs,
  runTeachers,
} from '../db/schema.ts';
import { nextResumeOf } from './resumable.ts';
import { startOf } from './starts.ts';
import type { Folder } from './uses.ts';

/** Rows that are gone have none: whoever works on it says what is missing. */
export async function foldersOfUses(db: Executor, uses: readonly Use[]): Promise<Folder[]> {
  const idsOf = (kind: Use['kind']): string[] => uses.filter((use) => use.kind === kind).map(({ id }) => id);
  const runIds = idsOf('run');
  const checkpointIds = idsOf('checkpoint');
  const collectionIds = idsOf('collection');
  const datasetIds = idsOf('dataset');
  const folders: Folder[] = idsOf('payload').map((digest) => ({ kind: 'payloads', digest }));
  if (collectionIds.length > 0) {
    const rows = await db
      .select({ id: collections.checkpointId })
      .from(collections)
      .where(inArray(collections.id, collectionIds));
    checkpointIds.push(...rows.map(({ id }) => id));
  }
  if (checkpointIds.length > 0) folders.push(...(await foldersOfCheckpoints(db, checkpointIds)));
  if (datasetIds.length > 0) {
    const rows = await db.select({ digest: datasets.digest }).from(datasets).where(inArray(datasets.id, datasetIds));
    for (const { digest } of rows) folders.push({ kind: 'datasets', digest });
  }
  for (const runId of runIds) folders.push(...(await foldersOfRun(db, runId)));
  return folders;
}

/** A checkpoint's tokenizer is that of its theta_0. */
async function foldersOfCheckpoints(db: Executor, ids: readonly string[]): Promise<Folder[]> {
  const rows = await db
    .select({ own: checkpoints.digest, initial: models.digest })
    .from(checkpoints)
    .innerJoin(models, eq(models.id, checkpoints.modelId))
    .where(inArray(checkpoints.id, [...ids]));
  return rows.flatMap(({ own, initial }) => [own, initial].map((digest) => ({ kind: 'models', digest }) as const));
}

/**
 * The model, the data sets, the teacher, what it starts from, and the checkpoint that it goes on from, which is none
 * that an attempt found damaged; without that one also the optimizer state of its start, if it keeps that.
 */
async function foldersOfRun(db: Executor, runId: string): Promise<Folder[]> {
  const [model] = await db
    .select({ digest: models.digest, settings: runs.settings })
    .from(runs)
    .innerJoin(models, eq(models.id, runs.modelId))
    .where(eq(runs.id, runId));
  const named = await db
    .select({ digest: datasets.digest })
    .from(runDatasets)
    .innerJoin(datasets, eq(datasets.id, runDatasets.datasetId))
    .where(eq(runDatasets.runId, runId));
  const dev = await db
    .select({ digest: datasets.digest })
    .from(runDevSets)
    .innerJoin(datasets, eq(datasets.id, runDevSets.datasetId))
    .where(eq(runDevSets.runId, runId));
  const last = await nextResumeOf(db, runId);
  const [teacher] = await db
    .select({ id: runTeachers.checkpointId })
    .from(runTeachers)
    .where(eq(runTeachers.runId, runId));
  const { checkpoint: start } = (await startOf(db, runId)) ?? {};
  const keptState = !last && model?.settings.optimizerState === 'kept' ? start?.stateDigest : undefined;
  return [
    ...(model ? [{ kind: 'models', digest: model.digest } as const] : []),
    ...(teacher ? await foldersOfCheckpoints(db, [teacher.id]) : []),
    ...(start ? [{ kind: 'models', digest: start.digest } as const] : []),
    ...(keptState ? [{ kind: 'states', digest: keptState } as const] : []),
    ...[...named, ...dev].map(({ digest }) => ({ kind: 'datasets', digest }) as const),
    ...(last ? [{ kind: 'models', digest: last.model } as const, { kind: 'states', digest: last.state } as const] : []),
  ];
}
