/** The encoder of a checkpoint, and checkpoints in order: rows that several kinds of work read. */
import type { Executor } from '../../../db/open.ts';
import { requireRow } from '../../../db/rows.ts';
import type { CheckpointRow } from '../../../db/schema.ts';
import type { Encoder } from '../../threads/encode.ts';

export async function encoderOf(db: Executor, checkpointId: string, field?: string): Promise<Encoder> {
  const checkpoint = await requireRow(db, 'checkpoints', checkpointId, field);
  return { checkpoint, model: await requireRow(db, 'models', checkpoint.modelId) };
}

/** In the order of the ids. */
export async function checkpointsOf(db: Executor, ids: readonly string[]): Promise<CheckpointRow[]> {
  const rows: CheckpointRow[] = [];
  for (const id of ids) rows.push(await requireRow(db, 'checkpoints', id));
  return rows;
}
