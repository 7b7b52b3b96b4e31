/** fuseCheckpoints: checkpoints of one model into a new one. */

import { type GivenParameters, readParameters, rowOf } from '../../catalog-parameters.ts';
import { globalId } from '../../db/global-id.ts';
import type { CheckpointRow, JobRow } from '../../db/schema.ts';
import { badInput, invariant } from '../../errors.ts';
import { type FusionEntry, type FusionMethod, fusionCatalog } from '../../fusion/catalog.ts';
import { requireRow } from '../common/rows.ts';
import { checkList } from '../embedding/texts.ts';
import { runJob } from '../jobs/jobs.ts';
import type { Tandem } from '../tandem.ts';

export interface FuseRequest {
  readonly checkpointIds: readonly string[];
  readonly method: FusionMethod;
  readonly parameters?: GivenParameters | null;
  readonly idempotencyKey?: string | null;
}

export async function fuseCheckpoints(
  tandem: Tandem,
  request: FuseRequest,
): Promise<{ checkpoint: CheckpointRow; job: JobRow }> {
  const plan = planOf(request);
  const [first] = await parentsOf(tandem, request);
  invariant(first, 'a fusion of nothing');
  const { checkpointIds, idempotencyKey } = request;
  const input = { ...plan, checkpointIds: [...checkpointIds], modelId: first.modelId };
  const { id, job } = await runJob(tandem, 'fuse', { input, idempotencyKey });
  return { checkpoint: await requireRow(tandem.database.db, 'checkpoints', id), job };
}

function planOf({ method, parameters }: FuseRequest) {
  const row = rowOf(fusionCatalog, method, 'input.method');
  return { method, parameters: readParameters(row, parameters ?? {}, 'input.parameters') };
}

async function parentsOf(tandem: Tandem, { method, checkpointIds: ids }: FuseRequest): Promise<CheckpointRow[]> {
  const { checkpoints: count }: FusionEntry = rowOf(fusionCatalog, method, 'input.method');
  checkList(ids, tandem.config.limits, 'input.checkpoints', count);
  const rows: CheckpointRow[] = [];
  for (const [i, id] of ids.entries()) {
    const field = `input.checkpoints.${i}`;
    if (ids.indexOf(id) !== i) {
      throw badInput(`Checkpoint ${globalId('Checkpoint', id)} is named twice`, {
        field,
        expected: 'each checkpoint once',
        remedy: 'Name it once.',
      });
    }
    const row = await requireRow(tandem.database.db, 'checkpoints', id, field);
    const [first = row] = rows;
    if (row.modelId !== first.modelId) {
      const [own, other] = [row.id, first.id].map((key) => globalId('Checkpoint', key));
      throw badInput(`Checkpoint ${own} descends from another model than checkpoint ${other}`, {
        field,
        expected: 'checkpoints of one model (one theta_0)',
        remedy: 'Fuse checkpoints of runs that were started from the same model.',
      });
    }
    rows.push(row);
  }
  return rows;
}
