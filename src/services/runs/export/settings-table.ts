/** The settings of runs as a table: a row per run, with what it was made of and how far it came. */
import { eq } from 'drizzle-orm';
import { globalId } from '../../../db/global-id.ts';
import type { Executor } from '../../../db/open.ts';
import { datasets, type RunRow, runDatasets, runDevSets } from '../../../db/schema.ts';
import { startOf } from '../../../retention/starts.ts';
import { requireRow } from '../../common/rows.ts';
import type { Tandem } from '../../tandem.ts';
import { teachersOf } from '../teacher.ts';
import type { ExportRow, ExportValue, TablePage } from './types.ts';

/** Settings become columns of dotted names (`optimizer.beta1`); those of all chosen runs, in the order of the first. */
export async function settingsTable(tandem: Tandem, ids: readonly string[]): Promise<TablePage> {
  const rows: ExportRow[] = [];
  for (const [i, id] of ids.entries()) {
    const run = await requireRow(tandem.database.db, 'runs', id, `input.runs.${i}`);
    rows.push({ ...(await shared(tandem, run)), ...flattened(run.settings, 'settings') });
  }
  return { columns: [...new Set(rows.flatMap((row) => Object.keys(row)))], rows };
}

async function shared(tandem: Tandem, run: RunRow): Promise<ExportRow> {
  const { db } = tandem.database;
  const { id, name, state, cause, createdAt, startedAt, finishedAt, step, steps, epoch, loss, parameters } = run;
  const model = await requireRow(db, 'models', run.modelId);
  const [teacher] = await teachersOf(tandem, [id]);
  const used = await db
    .select({
      ...{ id: datasets.id, name: datasets.name, version: datasets.version },
      ...{ weight: runDatasets.weight, losses: runDatasets.losses },
    })
    .from(runDatasets)
    .innerJoin(datasets, eq(datasets.id, runDatasets.datasetId))
    .where(eq(runDatasets.runId, id))
    .orderBy(runDatasets.position);
  return {
    ...{ run: globalId('Run', id), name, state, cause, model: globalId('Model', model.id), modelName: model.name },
    ...(await startColumns(db, id)),
    datasets: used.map((row) => ({ ...row, id: globalId('Dataset', row.id) })),
    devSets: await devSetsOf(db, id),
    teacher: teacher ? globalId('Checkpoint', teacher.id) : null,
    createdAt: createdAt.toISOString(),
    startedAt: startedAt?.toISOString() ?? null,
    finishedAt: finishedAt?.toISOString() ?? null,
    ...{ adapter: run.adapter?.name ?? null, parameters, steps, step, epoch, loss },
  };
}

/** The checkpoint that it starts from; of a stage also the run before it, and which of its checkpoints it takes. */
async function startColumns(db: Executor, runId: string): Promise<ExportRow> {
  const { row, checkpoint } = (await startOf(db, runId)) ?? {};
  return {
    startCheckpoint: checkpoint ? globalId('Checkpoint', checkpoint.id) : null,
    startAfter: row?.afterId ? globalId('Run', row.afterId) : null,
    startFrom: row?.choice ?? null,
  };
}

async function devSetsOf(db: Executor, runId: string): Promise<ExportValue> {
  const rows = await db
    .select({
      ...{ id: datasets.id, name: datasets.name, version: datasets.version },
      ...{ split: runDevSets.split, pooled: runDevSets.pooled },
    })
    .from(runDevSets)
    .innerJoin(datasets, eq(datasets.id, runDevSets.datasetId))
    .where(eq(runDevSets.runId, runId))
    .orderBy(runDevSets.position);
  return rows.map((row) => ({ ...row, id: globalId('Dataset', row.id) }));
}

/** The leaves of an object by their dotted names; lists stay whole. */
function flattened(value: object, name: string): Record<string, ExportValue> {
  const leaves: Record<string, ExportValue> = {};
  for (const [key, part] of Object.entries(value) as [string, ExportValue][]) {
    const path = `${name}.${key}`;
    if (part !== null && typeof part === 'object' && !Array.isArray(part)) Object.assign(leaves, flattened(part, path));
    else leaves[path] = part;
  }
  return leaves;
}
