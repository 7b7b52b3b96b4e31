/** Checkpoints by names that people know: the alias, the run with the step, or the model. */
import type { Executor } from '../../../db/open.ts';
import { requireRow } from '../../../db/rows.ts';
import type { CheckpointRow } from '../../../db/schema.ts';

/** In the order of the rows. */
export async function checkpointNames(db: Executor, rows: readonly CheckpointRow[]): Promise<string[]> {
  const names: string[] = [];
  for (const row of rows) names.push((await nameOf(db, row)).replace(/\s+/g, ' '));
  return names;
}

async function nameOf(db: Executor, { id, alias, runId, step, modelId, reason }: CheckpointRow): Promise<string> {
  if (alias !== null) return alias;
  if (runId !== null) return `${(await requireRow(db, 'runs', runId)).name}, step ${step}`;
  const { name } = await requireRow(db, 'models', modelId);
  return reason === 'fused' ? `fused ${id.slice(0, 8)} of ${name}` : `${name}, untrained`;
}
