/**
 * What uses what: the one list that deletions, the retention of checkpoints and the removal of folders ask. A row is
 * used by the rows that refer to it and by the live jobs whose `uses` name it; a folder by the columns that hold its
 * digest.
 */

import { and, eq, exists, inArray, isNull, notExists, notInArray, or, type SQL, sql } from 'drizzle-orm';
import { alias, type PgColumn } from 'drizzle-orm/pg-core';
import { globalId } from '../db/global-id.ts';
import type { Executor, Transaction } from '../db/open.ts';
import type { Use } from '../db/schema/types.ts';
import {
  architectureCandidates,
  architectureSearches,
  architectureTrials,
  checkpointParents,
  checkpoints,
  collections,
  datasets,
  embeddings,
  evaluations,
  jobs,
  liveStates,
  models,
  runDatasets,
  runDevSets,
  runStarts,
  runs,
  runTeachers,
  suiteEntries,
  suites,
  terminalStates,
} from '../db/schema.ts';

/** Kinds of folders and files in storage that exist for as long as something uses them. */
export type FolderKind = 'datasets' | 'models' | 'states' | 'units' | 'payloads';

export interface Folder {
  readonly kind: FolderKind;
  readonly digest: string;
}

/** The columns that hold digests of folders, by kind. Payloads are named by the uses of jobs. */
const digestColumns: Readonly<Record<FolderKind, readonly PgColumn[]>> = {
  datasets: [datasets.digest],
  models: [models.digest, checkpoints.digest],
  states: [checkpoints.stateDigest],
  units: [evaluations.unitsDigest],
  payloads: [],
};

/** Those of the digests that no row holds. */
export async function unusedFolders(
  executor: Executor,
  kind: FolderKind,
  digests: readonly (string | null)[],
): Promise<string[]> {
  const asked = [...new Set(digests)].filter((digest) => digest !== null);
  const used = new Set<unknown>();
  for (const column of asked.length > 0 ? digestColumns[kind] : []) {
    const found = await executor.select({ digest: column }).from(column.table).where(inArray(column, asked));
    for (const { digest } of found) used.add(digest);
  }
  if (kind === 'payloads') {
    for (const id of asked) if ((await jobsUsing(executor, [{ kind: 'payload', id }])).length > 0) used.add(id);
  }
  return asked.filter((digest) => !used.has(digest));
}

/** Every folder that a row names, and every payload that a live job does. */
export async function usedFolders(executor: Executor): Promise<Folder[]> {
  const folders: Folder[] = [];
  for (const [kind, columns] of Object.entries(digestColumns) as [FolderKind, readonly PgColumn[]][]) {
    const digests = new Set<unknown>();
    for (const column of columns) {
      const rows = await executor.selectDistinct({ digest: column }).from(column.table);
      for (const { digest } of rows) if (digest !== null) digests.add(digest);
    }
    folders.push(...[...digests].map((digest) => ({ kind, digest: digest as string })));
  }
  const live = await executor
    .select({ uses: jobs.uses })
    .from(jobs)
    .where(inArray(jobs.state, [...liveStates]));
  const payloads = live.flatMap(({ uses }) => uses.filter(({ kind }) => kind === 'payload'));
  return [...folders, ...payloads.map(({ id }) => ({ kind: 'payloads', digest: id }) as const)];
}

const fusions = alias(checkpoints, 'fusions');

/** The columns by which rows refer to a checkpoint. */
const checkpointColumns: readonly PgColumn[] = [
  evaluations.checkpointId,
  collections.checkpointId,
  embeddings.checkpointId,
  checkpointParents.parentId,
  runStarts.checkpointId,
  runTeachers.checkpointId,
  architectureSearches.teacherId,
  fusions.baseId,
];

/** True of the rows of `checkpoints` that no row refers to and no live job uses; for a statement over that table. */
export const isUnusedCheckpoint = (tx: Transaction): SQL | undefined =>
  and(
    ...checkpointColumns.map((column) =>
      notExists(tx.select({ one: sql`1` }).from(column.table).where(eq(column, checkpoints.id))),
    ),
    notExists(
      tx
        .select({ one: sql`1` })
        .from(jobs)
        .where(isLiveWith(sql`jsonb_build_object('kind', 'checkpoint', 'id', ${checkpoints.id})`)),
    ),
  );

/** The jobs, queued or running, whose uses contain one, given as a jsonb expression. */
const isLiveWith = (use: SQL): SQL | undefined =>
  and(inArray(jobs.state, [...liveStates]), sql`${jobs.uses} @> jsonb_build_array(${use})`);

/** Names of the live jobs that use any of these, for people. */
export async function jobsUsing(tx: Executor, uses: readonly Use[]): Promise<string[]> {
  if (uses.length === 0) return [];
  const rows = await tx
    .select({ id: jobs.id, kind: jobs.kind })
    .from(jobs)
    .where(or(...uses.map((use) => isLiveWith(sql`${JSON.stringify(use)}::jsonb`))));
  return rows.map(({ id, kind }) => `job ${globalId('Job', id)} (${kind})`);
}

/** Rows that are deleted together: none of them keeps another. */
export interface Going {
  readonly checkpoints?: readonly string[];
  readonly runs?: readonly string[];
}

/** Names of what uses any of these checkpoints besides their evaluations, and besides what goes with them. */
export async function usesOfCheckpoints(
  tx: Transaction,
  checkpointIds: readonly string[],
  going: Going = {},
): Promise<string[]> {
  const ids = [...checkpointIds];
  if (ids.length === 0) return [];
  const gone = [...ids, ...(going.checkpoints ?? [])];
  const inCollections = await tx
    .select({ name: collections.name })
    .from(collections)
    .where(inArray(collections.checkpointId, ids));
  const inFusions = await tx
    .select({ id: checkpointParents.checkpointId })
    .from(checkpointParents)
    .where(and(inArray(checkpointParents.parentId, ids), notInArray(checkpointParents.checkpointId, gone)));
  const asBases = await tx
    .select({ id: checkpoints.id })
    .from(checkpoints)
    .where(and(inArray(checkpoints.baseId, ids), notInArray(checkpoints.id, gone)));
  const inRuns = await tx
    .select({ name: runs.name })
    .from(runStarts)
    .innerJoin(runs, eq(runs.id, runStarts.runId))
    .where(and(inArray(runStarts.checkpointId, ids), stays(going)));
  const taught = await tx
    .select({ name: runs.name })
    .from(runTeachers)
    .innerJoin(runs, eq(runs.id, runTeachers.runId))
    .where(and(inArray(runTeachers.checkpointId, ids), stays(going)));
  const inSearches = await tx
    .select({ name: architectureSearches.name })
    .from(architectureSearches)
    .where(inArray(architectureSearches.teacherId, ids));
  const runsOf = tx.select({ id: checkpoints.runId }).from(checkpoints).where(inArray(checkpoints.id, ids));
  const names = [
    ...inCollections.map(({ name }) => `collection "${name}"`),
    ...[...inFusions, ...asBases].map(({ id }) => `fused checkpoint ${globalId('Checkpoint', id)}`),
    ...[...inRuns, ...taught].map(({ name }) => `run "${name}"`),
    ...inSearches.map(({ name }) => `architecture search "${name}"`),
    ...(await runsWaitingFor(tx, inArray(runStarts.afterId, runsOf), going)),
    ...(await jobsUsing(
      tx,
      ids.map((id) => ({ kind: 'checkpoint', id })),
    )),
  ];
  return [...new Set(names)];
}

/** Names of the stages behind a run that have yet to find their start among its checkpoints, and of its live search. */
export const usesOfRun = async (tx: Transaction, id: string, going: Going = {}): Promise<string[]> => [
  ...(await runsWaitingFor(tx, eq(runStarts.afterId, id), going)),
  ...(await searchesOf(tx, id)),
];

async function searchesOf(tx: Transaction, runId: string): Promise<string[]> {
  const rows = await tx
    .select({ name: architectureSearches.name })
    .from(architectureTrials)
    .innerJoin(architectureSearches, eq(architectureSearches.id, architectureTrials.searchId))
    .innerJoin(jobs, eq(jobs.id, architectureSearches.id))
    .where(and(eq(architectureTrials.runId, runId), notInArray(jobs.state, [...terminalStates])));
  return rows.map(({ name }) => `architecture search "${name}"`);
}

/** Names of the searches that train a model, and of those that have yet to end for which it was derived. */
export async function searchesOfModel(tx: Transaction, modelId: string): Promise<string[]> {
  const rows = await tx
    .selectDistinct({ name: architectureSearches.name })
    .from(architectureSearches)
    .innerJoin(architectureCandidates, eq(architectureCandidates.searchId, architectureSearches.id))
    .where(
      or(
        eq(architectureSearches.modelId, modelId),
        eq(architectureCandidates.modelId, modelId),
        and(isNull(architectureCandidates.modelId), exists(derivedFor(tx, modelId))),
      ),
    );
  return rows.map(({ name }) => `architecture search "${name}"`);
}

/** The part of a search that has yet to end which made the model; candidates take it once all parts have ended. */
function derivedFor(tx: Transaction, modelId: string) {
  const whole = alias(jobs, 'whole');
  return tx
    .select({ one: sql`1` })
    .from(jobs)
    .innerJoin(whole, eq(whole.id, jobs.partOf))
    .where(
      and(
        eq(jobs.partOf, architectureSearches.id),
        eq(jobs.resultId, modelId),
        notInArray(whole.state, [...terminalStates]),
      ),
    );
}

/** True of runs that do not go. */
const stays = ({ runs: ids = [] }: Going): SQL => notInArray(runs.id, [...ids]);

async function runsWaitingFor(tx: Transaction, condition: SQL, going: Going): Promise<string[]> {
  const rows = await tx
    .select({ name: runs.name })
    .from(runStarts)
    .innerJoin(runs, eq(runs.id, runStarts.runId))
    .innerJoin(jobs, eq(jobs.id, runStarts.runId))
    .where(and(condition, stays(going), isNull(runStarts.checkpointId), notInArray(jobs.state, [...terminalStates])));
  return rows.map(({ name }) => `run "${name}"`);
}

/** Names of the searches that have yet to train on a data set version; their runs refer to it once they are made. */
async function searchesOfDataset(tx: Transaction, id: string): Promise<string[]> {
  const entry = sql`${JSON.stringify([{ datasetId: id }])}::jsonb`;
  const { datasets: trained, devSets } = architectureSearches;
  const rows = await tx
    .select({ name: architectureSearches.name })
    .from(architectureSearches)
    .innerJoin(jobs, eq(jobs.id, architectureSearches.id))
    .where(
      and(notInArray(jobs.state, [...terminalStates]), or(sql`${trained} @> ${entry}`, sql`${devSets} @> ${entry}`)),
    );
  return rows.map(({ name }) => `architecture search "${name}"`);
}

/** Names of the runs, suites and open searches that name a data set version, and of the live jobs that read it. */
export async function usesOfDataset(tx: Transaction, id: string): Promise<string[]> {
  const users = await tx
    .select({ name: runs.name })
    .from(runDatasets)
    .innerJoin(runs, eq(runs.id, runDatasets.runId))
    .where(eq(runDatasets.datasetId, id));
  const evaluated = await tx
    .select({ name: runs.name })
    .from(runDevSets)
    .innerJoin(runs, eq(runs.id, runDevSets.runId))
    .where(eq(runDevSets.datasetId, id));
  const inSuites = await tx
    .selectDistinct({ name: suites.name })
    .from(suiteEntries)
    .innerJoin(suites, eq(suites.id, suiteEntries.suiteId))
    .where(eq(suiteEntries.datasetId, id));
  const names = new Set([...users, ...evaluated].map(({ name }) => `run "${name}"`));
  return [
    ...names,
    ...inSuites.map(({ name }) => `suite "${name}"`),
    ...(await searchesOfDataset(tx, id)),
    ...(await jobsUsing(tx, [{ kind: 'dataset', id }])),
  ];
}
