/** What runs start from, as they are asked for and as they are shown. */
import { and, eq, inArray, isNull } from 'drizzle-orm';
import type { Executor } from '../../db/open.ts';
import {
  type CheckpointRow,
  checkpoints,
  type ModelRow,
  type RunRow,
  runStarts,
  runs,
  type StageStart,
} from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { noOptimizerState } from '../../jobs/training/optimizer-state.ts';
import type { RunSettings } from '../../train/catalog.ts';
import { byIds, missing, requireRow } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';

/** A model as it was made, or any checkpoint. */
export type OriginRequest = { readonly modelId: string } | { readonly checkpointId: string };

export interface Origin {
  /** The root of the lineage. */
  readonly model: ModelRow;
  /** Null = the model as it was made, or of a stage, whose checkpoint is not known yet. */
  readonly start: CheckpointRow | null;
}

/** A model's own checkpoint is that model. */
export async function originOf({ database: { db } }: Tandem, request: OriginRequest): Promise<Origin> {
  if ('modelId' in request)
    return { model: await requireRow(db, 'models', request.modelId, 'input.model'), start: null };
  const start = await requireRow(db, 'checkpoints', request.checkpointId, 'input.checkpoint');
  const model = await requireRow(db, 'models', start.modelId, 'input.checkpoint');
  return { model, start: start.runId === null && start.reason === 'initial' ? null : start };
}

/** The run whose checkpoint is the start; undefined where none has trained it, so that its state has no moments. */
export async function trainedBefore(
  { database: { db } }: Tandem,
  { start }: Origin,
): Promise<Pick<RunRow, 'settings'> | undefined> {
  if (start === null || start.runId === null) return undefined;
  const run = await requireRow(db, 'runs', start.runId);
  return start.step === 0 && run.settings.optimizerState === 'fresh' ? undefined : run;
}

/** Throws where a run that is not a stage would keep the optimizer state of its model, which has none. */
export function checkOptimizerState({ optimizerState }: RunSettings, { model, start }: Origin): void {
  if (optimizerState === 'fresh' || start !== null) return;
  throw badInput(`The model "${model.name}" as it was made has no optimizer state to keep`, {
    field: 'input.settings.optimizerState',
    expected: 'FRESH, or a checkpoint of a run to start from',
    remedy: 'Leave optimizerState out, or start from a checkpoint.',
  });
}

/**
 * Throws where a run is to keep an optimizer state that is gone. In a transaction the state stays until its end: the
 * retention of checkpoints locks the row, too.
 */
export async function requireOptimizerState(
  executor: Executor,
  { settings, start }: Pick<Origin, 'start'> & { readonly settings: RunSettings },
): Promise<void> {
  if (settings.optimizerState === 'fresh' || start === null) return;
  const rows = executor.select().from(checkpoints).where(eq(checkpoints.id, start.id));
  const [locked] = await rows.for('update');
  if (!locked) throw missing('checkpoints', start.id);
  if (locked.stateDigest === null) throw noOptimizerState(locked, 'The run');
}

/** Where a run starts, for people. */
export interface ShownStart {
  /** Null of a stage that has not begun. */
  readonly checkpointId: string | null;
  /** The run before it; null if it is no stage, and once that is deleted. */
  readonly afterId: string | null;
  /** Null if it is no stage. */
  readonly choice: StageStart | null;
}

/** In the order of the ids of runs. */
export async function startsOf({ database: { db } }: Tandem, ids: readonly string[]): Promise<readonly ShownStart[]> {
  const rows = await db
    .select()
    .from(runStarts)
    .where(inArray(runStarts.runId, [...ids]));
  const own = await db
    .select({ runId: runs.id, checkpointId: checkpoints.id })
    .from(runs)
    .innerJoin(checkpoints, and(eq(checkpoints.modelId, runs.modelId), isNull(checkpoints.runId)))
    .where(and(inArray(runs.id, [...ids]), eq(checkpoints.reason, 'initial')));
  const found = new Map<string, ShownStart>(rows.map((row) => [row.runId, row]));
  const untrained = new Map(own.map(({ runId, checkpointId }) => [runId, checkpointId]));
  return ids.map((id) => found.get(id) ?? { checkpointId: untrained.get(id) ?? null, afterId: null, choice: null });
}

/** What each of the checkpoints was trained from, in their order; null of one that no run made. */
export async function parentsOf(tandem: Tandem, ids: readonly string[]): Promise<readonly (CheckpointRow | null)[]> {
  const rows = await tandem.database.db
    .select({ id: checkpoints.id, runId: checkpoints.runId })
    .from(checkpoints)
    .where(inArray(checkpoints.id, [...ids]));
  const runOf = new Map(rows.map(({ id, runId }) => [id, runId]));
  const runIds = [...new Set([...runOf.values()].filter((runId) => runId !== null))];
  const starts = await startsOf(tandem, runIds);
  const startOf = new Map(runIds.map((runId, i) => [runId, starts[i]?.checkpointId]));
  const parents = ids.map((id) => startOf.get(runOf.get(id) ?? '') ?? null);
  const known = [...new Set(parents.filter((parent) => parent !== null))];
  const loaded = await byIds(tandem, 'checkpoints', known);
  const rowOf = new Map(loaded.map((row, i) => [known[i], row instanceof Error ? null : row]));
  return parents.map((parent) => (parent === null ? null : (rowOf.get(parent) ?? null)));
}
