/** fuseCheckpoints: checkpoints of one model into a new one. */
import { type GivenParameters, readParameters, rowOf } from '../../catalog-parameters.ts';
import type { Transaction } from '../../db/open.ts';
import { type CheckpointRow, checkpointParents, checkpoints, type JobRow } from '../../db/schema.ts';
import { badInput, invariant } from '../../errors.ts';
import { type FusionEntry, type FusionMethod, fusionCatalog } from '../../fusion/catalog.ts';
import type { FusionPlan } from '../../fusion/types.ts';
import type { Finished, JobContext } from '../../jobs/jobs.ts';
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
  const parents = await parentsOf(tandem, request);
  const { retention } = tandem.jobs;
  const { id, job } = await runJob(
    tandem,
    'fuse',
    {
      input: { ...plan, checkpointIds: request.checkpointIds },
      uses: request.checkpointIds.map((id) => ({ kind: 'checkpoint', id })),
      idempotencyKey: request.idempotencyKey,
    },
    (context) => retention.publishing(() => fuse(tandem, context, plan, parents)),
  );
  return { checkpoint: await requireRow(tandem.database.db, 'checkpoints', id), job };
}

async function fuse(
  tandem: Tandem,
  { signal, progress, succeed }: JobContext,
  plan: FusionPlan,
  parents: readonly CheckpointRow[],
): Promise<Finished> {
  const { jobs, database } = tandem;
  progress({ stage: 'fuse', done: 0, total: parents.length });
  const [first] = parents;
  invariant(first, 'a fusion of nothing');
  const model = await requireRow(database.db, 'models', first.modelId);
  const input = { plan, initial: model.digest, checkpoints: parents.map(({ digest }) => digest) };
  const { digest, bytes } = await jobs.cpu.call('fuse', input, { signal });
  progress({ stage: 'fuse', done: parents.length, total: parents.length });
  const values = { reason: 'fused', modelId: model.id, digest, bytes, fusion: plan } as const;
  return jobs.retention.recording(() => succeed((tx) => record(tx, values, parents)));
}

function planOf({ method, parameters }: FuseRequest): FusionPlan {
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
      throw badInput(`Checkpoint ${id} is named twice`, {
        field,
        expected: 'each checkpoint once',
        remedy: 'Name it once.',
      });
    }
    const row = await requireRow(tandem.database.db, 'checkpoints', id, field);
    const [first = row] = rows;
    if (row.modelId !== first.modelId) {
      throw badInput(`Checkpoint ${id} descends from another model than checkpoint ${first.id}`, {
        field,
        expected: 'checkpoints of one model (one theta_0)',
        remedy: 'Fuse checkpoints of runs that were started from the same model.',
      });
    }
    rows.push(row);
  }
  return rows;
}

/** The checkpoint and its parents; the checkpoint's id. */
async function record(
  tx: Transaction,
  values: typeof checkpoints.$inferInsert,
  parents: readonly CheckpointRow[],
): Promise<string> {
  const [row] = await tx.insert(checkpoints).values(values).returning({ id: checkpoints.id });
  invariant(row, 'an insert returned nothing');
  const links = parents.map((parent, position) => ({ checkpointId: row.id, position, parentId: parent.id }));
  await tx.insert(checkpointParents).values(links);
  return row.id;
}
