/** Checkpoints by names that people know: the alias, the run with the step, or the model. */
import type { Executor } from '../../../db/open.ts';
import { requireRows } from '../../../db/rows.ts';
import type { CheckpointRow } from '../../../db/schema.ts';

/** In the order of the rows; by two statements at most, however many there are. */
export async function checkpointNames(db: Executor, rows: readonly CheckpointRow[]): Promise<string[]> {
  const unnamed = rows.filter(({ alias }) => alias === null);
  const runIds = unnamed.flatMap(({ runId }) => (runId === null ? [] : [runId]));
  const modelIds = unnamed.flatMap(({ runId, modelId }) => (runId === null ? [modelId] : []));
  const named = [...(await requireRows(db, 'runs', runIds)), ...(await requireRows(db, 'models', modelIds))];
  const nameOf = new Map(named.map(({ id, name }) => [id, name]));
  return rows.map((row) => nameIn(nameOf, row).replace(/\s+/g, ' '));
}

/** `nameOf`: the names of runs and models by their ids. */
function nameIn(
  nameOf: ReadonlyMap<string, string>,
  { id, alias, runId, step, modelId, reason }: CheckpointRow,
): string {
  if (alias !== null) return alias;
  if (runId !== null) return `${nameOf.get(runId)}, step ${step}`;
  const name = nameOf.get(modelId);
  return reason === 'fused' ? `fused ${id.slice(0, 8)} of ${name}` : `${name}, untrained`;
}
