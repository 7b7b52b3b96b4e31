/** Which checkpoint a run starts from. */
import { and, desc, eq, sql } from 'drizzle-orm';
import type { Executor } from '../db/open.ts';
import { type CheckpointRow, checkpoints, type RunStartRow, runStarts, runs } from '../db/schema.ts';

export interface RunStart {
  readonly row: RunStartRow;
  /** Undefined = the run before it is gone, or has none yet, or none that is the best. */
  readonly checkpoint: CheckpointRow | undefined;
}

/** Undefined = the run starts from its model as it was made. A stage that has not begun is told what it would take. */
export async function startOf(executor: Executor, runId: string): Promise<RunStart | undefined> {
  const [row] = await executor.select().from(runStarts).where(eq(runStarts.runId, runId));
  if (!row) return undefined;
  const { checkpointId, afterId, choice } = row;
  const from = executor.select().from(checkpoints);
  if (checkpointId !== null) return { row, checkpoint: (await from.where(eq(checkpoints.id, checkpointId)))[0] };
  if (afterId === null) return { row, checkpoint: undefined };
  const best = executor.select({ step: runs.bestStep }).from(runs).where(eq(runs.id, afterId));
  const which = choice === 'best' ? sql`${checkpoints.step} = ${best}` : undefined;
  const ofRun = and(eq(checkpoints.runId, afterId), which);
  const [checkpoint] = await from.where(ofRun).orderBy(desc(checkpoints.step)).limit(1);
  return { row, checkpoint };
}
