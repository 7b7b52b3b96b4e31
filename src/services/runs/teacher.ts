/** The teachers of runs, as they are asked for and as they are shown. */
import { eq, inArray } from 'drizzle-orm';
import { type CheckpointRow, checkpoints, type ModelRow, runTeachers } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import { type LossEntry, type LossTerm, lossCatalog } from '../../nn/losses/catalog.ts';
import { needsTeacher } from '../../train/terms.ts';
import { requireRow } from '../common/rows.ts';
import type { Tandem } from '../tandem.ts';

export interface ReadyTeacher {
  readonly checkpoint: CheckpointRow;
  /** The root of its lineage, whose tokenizer and templates it has. */
  readonly model: ModelRow;
}

const rows: readonly LossEntry[] = lossCatalog;
const needing = rows.filter(({ needs }) => needs === 'teacher');
const field = 'input.teacher';

/** Throws a BAD_USER_INPUT unless there is a teacher exactly where one of the terms on the run's data needs one. */
export async function readyTeacher(
  { database: { db } }: Tandem,
  checkpointId: string | null,
  terms: readonly LossTerm[],
): Promise<ReadyTeacher | null> {
  const term = terms.find((one) => needsTeacher([one]));
  if (term === undefined && checkpointId === null) return null;
  if (term === undefined) {
    throw badInput('None of the losses on the data of the run reads a teacher', {
      field,
      expected: `no teacher, or one of the losses ${needing.map(({ name }) => name).join(' and ')}`,
      remedy: 'Leave the teacher out, or add a loss that reads it.',
    });
  }
  if (checkpointId === null) {
    throw badInput(`The loss ${term.loss} needs a teacher, the run names none`, {
      field,
      expected: 'a checkpoint, of any model',
      remedy: 'Name a teacher, or leave the loss out.',
    });
  }
  const checkpoint = await requireRow(db, 'checkpoints', checkpointId, field);
  return { checkpoint, model: await requireRow(db, 'models', checkpoint.modelId, field) };
}

/** The checkpoints in the order of the ids of runs; null = it has none. */
export async function teachersOf(
  { database: { db } }: Tandem,
  ids: readonly string[],
): Promise<readonly (CheckpointRow | null)[]> {
  const found = await db
    .select({ runId: runTeachers.runId, checkpoint: checkpoints })
    .from(runTeachers)
    .innerJoin(checkpoints, eq(checkpoints.id, runTeachers.checkpointId))
    .where(inArray(runTeachers.runId, [...ids]));
  const teachers = new Map(found.map(({ runId, checkpoint }) => [runId, checkpoint]));
  return ids.map((id) => teachers.get(id) ?? null);
}
