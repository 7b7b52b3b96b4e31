/** Which checkpoint a run starts from. */
import { desc, eq } from 'drizzle-orm';
import type { Executor } from '../db/open.ts';
import { type CheckpointRow, checkpoints, type RunStartRow, runStarts } from '../db/schema.ts';

export interface RunStart {
  readonly row: RunStartRow;
  /** Undefined = the run before it is gone, or has none yet. */
  readonly checkpoint: CheckpointRow | undefined;
}

/** Undefined = the run starts from its model as it was made. A stage that has not begun is told what it would take. */
export async function startOf(executor: Executor, runId: string): Promise<RunStart | undefined> {
  const [row] = await executor.select().from(runStarts).where(eq(runStarts.runId, runId));
  if (!row) return undefined;
  const { checkpointId, afterId } = row;
  const from = executor.select().from(checkpoints);
  if (checkpointId !== null) return { row, checkpoint: (await from.where(eq(checkpoints.id, checkpointId)))[0] };
  if (afterId === null) return { row, checkpoint: undefined };
  const [checkpoint] = await from.where(eq(checkpoints.runId, afterId)).orderBy(desc(checkpoints.step)).limit(1);
  return { row, checkpoint };
}
