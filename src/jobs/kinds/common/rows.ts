/** The encoder of a checkpoint, and checkpoints in order: rows that several kinds of work read. */
import type { Executor } from '../../../db/open.ts';
import { requireRow, requireRows } from '../../../db/rows.ts';
import type { CheckpointRow } from '../../../db/schema.ts';
import type { Encoder } from '../../threads/encode.ts';

export async function encoderOf(db: Executor, checkpointId: string, field?: string): Promise<Encoder> {
  const checkpoint = await requireRow(db, 'checkpoints', checkpointId, field);
  return { checkpoint, model: await requireRow(db, 'models', checkpoint.modelId) };
}

/** In the order of the ids. */
export const checkpointsOf = (db: Executor, ids: readonly string[]): Promise<CheckpointRow[]> =>
  requireRows(db, 'checkpoints', ids);
