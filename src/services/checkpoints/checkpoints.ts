/** Checkpoints: list, lineage, alias, delete. */

import { desc, eq, inArray, isNotNull, isNull, type SQL } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import type { Transaction } from '../../db/open.ts';
import {
  type CheckpointRow,
  checkpointParents,
  checkpoints,
  type EvaluationRow,
  evaluations,
  jobs,
} from '../../db/schema.ts';
import { badInput, invariant, notFound } from '../../errors.ts';
import { type FusionEntry, fusionCatalog } from '../../fusion/catalog.ts';
import type { FusionFigure, FusionPlan } from '../../fusion/types.ts';
import { encoderOf as readEncoder } from '../../jobs/kinds/common/rows.ts';
import type { Encoder } from '../../jobs/threads/encode.ts';
import { usesOfCheckpoints } from '../../retention/uses.ts';
import { type Deletion, inUse, type Refusal } from '../common/editing/remove.ts';
import { groupBy } from '../common/group-by.ts';
import { missing, requireRow } from '../common/rows.ts';
import { deleteEvaluations } from '../evaluations/delete.ts';
import { initialCheckpoints } from '../models/models.ts';
import { isTerminal } from '../runs/run-state.ts';
import type { Tandem } from '../tandem.ts';

/** A checkpoint with its model. */
export const encoderOf = ({ database: { db } }: Tandem, id: string, field: string): Promise<Encoder> =>
  readEncoder(db, id, field);

const newest = ({ database: { db } }: Tandem, condition: SQL, most: number): Promise<CheckpointRow[]> =>
  db.select().from(checkpoints).where(condition).orderBy(desc(checkpoints.createdAt), desc(checkpoints.id)).limit(most);

/** Checkpoints that have an alias, the newest first. */
export const namedCheckpoints = (tandem: Tandem, most: number): Promise<CheckpointRow[]> =>
  newest(tandem, isNotNull(checkpoints.alias), most);

/** Those without one likewise. */
export const unnamedCheckpoints = (tandem: Tandem, most: number): Promise<CheckpointRow[]> =>
  newest(tandem, isNull(checkpoints.alias), most);

/** Key of the checkpoint that has the alias. */
export async function checkpointByAlias({ database: { db } }: Tandem, alias: string, field: string): Promise<string> {
  const [row] = await db.select({ id: checkpoints.id }).from(checkpoints).where(eq(checkpoints.alias, alias));
  if (row !== undefined) return row.id;
  throw notFound(`No checkpoint has the alias "${alias}"`, {
    field,
    expected: 'an alias that setCheckpointAlias gave',
    remedy: 'Name the checkpoint by its id, or give it the alias.',
  });
}

export function fusionOf(row: CheckpointRow): FusionPlan {
  invariant(row.fusion !== null, 'a checkpoint that was not fused');
  return row.fusion;
}

export type DescribedFigure = FusionFigure & { readonly description: string };

/** What its method told of a fusion, in the words of the catalog. */
export function figuresOf({ fusion, fusionFigures }: CheckpointRow): DescribedFigure[] {
  invariant(fusion !== null, 'a checkpoint that was not fused');
  const figures = fusionCatalog.flatMap((row: FusionEntry) => row.figures);
  return (fusionFigures ?? []).map((figure) => {
    const { description = '' } = figures.find(({ name }) => name === figure.name) ?? {};
    return { ...figure, description };
  });
}

/** Key of what the deltas of each fusion were taken from: its model's own checkpoint, unless another was named. */
export async function basesOf(tandem: Tandem, rows: readonly CheckpointRow[]): Promise<string[]> {
  const modelIds = rows.filter(({ baseId }) => baseId === null).map(({ modelId }) => modelId);
  const own = await initialCheckpoints(tandem, modelIds);
  return rows.map(({ baseId, modelId }) => baseId ?? own[modelIds.indexOf(modelId)]!);
}

/** Keys of what was fused into each of the checkpoints, in order. */
export async function parentsOf({ database: { db } }: Tandem, ids: readonly string[]): Promise<string[][]> {
  const rows = await db
    .select()
    .from(checkpointParents)
    .where(inArray(checkpointParents.checkpointId, [...ids]))
    .orderBy(checkpointParents.position);
  const groups = groupBy(rows, ({ checkpointId }) => checkpointId);
  return ids.map((id) => (groups.get(id) ?? []).map(({ parentId }) => parentId));
}

/** The evaluations of each of the checkpoints, newest first. */
export async function evaluationsOf({ database: { db } }: Tandem, ids: readonly string[]): Promise<EvaluationRow[][]> {
  const own = inArray(evaluations.checkpointId, [...ids]);
  const rows = await db
    .select()
    .from(evaluations)
    .where(own)
    .orderBy(desc(evaluations.createdAt), desc(evaluations.id));
  const groups = groupBy(rows, ({ checkpointId }) => checkpointId);
  return ids.map((id) => groups.get(id) ?? []);
}

const aliasPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Gives a checkpoint its alias, taking it from another that has it; null takes it away. */
export async function setAlias({ database: { db } }: Tandem, id: string, alias: string | null): Promise<CheckpointRow> {
  if (alias !== null && !aliasPattern.test(alias)) {
    throw badInput(`"${alias.slice(0, 120)}" is no alias`, {
      field: 'input.alias',
      expected: '1 to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit',
      remedy: 'Choose another alias.',
    });
  }
  return db.transaction(async (tx) => {
    await requireRow(tx, 'checkpoints', id, 'input.checkpoint');
    if (alias !== null) await tx.update(checkpoints).set({ alias: null }).where(eq(checkpoints.alias, alias));
    const [row] = await tx.update(checkpoints).set({ alias }).where(eq(checkpoints.id, id)).returning();
    if (row === undefined) throw missing('checkpoints', id, 'input.checkpoint');
    return row;
  });
}

/** A checkpoint goes with its evaluations. A model's own goes with its model, a live run's with its run. */
export const deletion: Deletion<'checkpoints'> = {
  noun: 'checkpoints',
  locked: checkpoints,
  async refusal(tx, row, going) {
    const goingToo = { checkpoints: going.map(({ id }) => id) };
    const users = await usesOfCheckpoints(tx, [row.id], goingToo);
    return (await boundTo(tx, row)) ?? inUse(`checkpoint ${globalId('Checkpoint', row.id)}`, users);
  },
  async remove(tx, rows) {
    const ids = rows.map(({ id }) => id);
    const units = await deleteEvaluations(tx, inArray(evaluations.checkpointId, ids));
    // Those that go together may be fused from each other.
    await tx.delete(checkpointParents).where(inArray(checkpointParents.checkpointId, ids));
    await tx.delete(checkpoints).where(inArray(checkpoints.id, ids));
    return {
      models: rows.map(({ digest }) => digest),
      states: rows.map(({ stateDigest }) => stateDigest),
      units,
    };
  },
};

async function boundTo(tx: Transaction, { reason, runId, modelId, id }: CheckpointRow): Promise<Refusal | null> {
  if (reason === 'initial' && runId === null) {
    const model = await requireRow(tx, 'models', modelId);
    return {
      message: `The checkpoint ${globalId('Checkpoint', id)} holds the untrained weights of the model "${model.name}"`,
      expected: 'a checkpoint of a run or a fusion',
      remedy: 'Delete the model.',
    };
  }
  if (runId === null) return null;
  // Locked: a run that is resumed at this moment is seen as live, or finds its checkpoint gone before it starts.
  await tx.select({ id: jobs.id }).from(jobs).where(eq(jobs.id, runId)).for('update');
  const run = await requireRow(tx, 'runs', runId);
  if (isTerminal(run.state)) return null;
  return {
    message: `The run "${run.name}" is ${run.state} and may go on from its checkpoints`,
    expected: 'a checkpoint of a run that has ended',
    remedy: 'Cancel the run, or wait for its end.',
  };
}
