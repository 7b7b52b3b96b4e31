/** Fuses checkpoints of one lineage into a new one. */
import { z } from 'zod';
import { readParameters, rowOf } from '../../catalog-parameters.ts';
import type { Transaction } from '../../db/open.ts';
import { requireRow } from '../../db/rows.ts';
import { type CheckpointRow, checkpointParents, checkpoints } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import { type FusionMethod, fusionCatalog } from '../../fusion/catalog.ts';
import { defineJob, type JobContext } from '../define.ts';
import { parameters } from './common/parameters.ts';
import { checkpointsOf } from './common/rows.ts';
import { kindOf } from './entry.ts';

export const fuse = defineJob({
  entry: kindOf('fuse'),
  input: z.object({
    method: z.custom<FusionMethod>((value) => typeof value === 'string'),
    parameters,
    /** One per checkpoint; absent = the method takes none, or 1 each. */
    weights: z.array(z.number()).optional(),
    checkpointIds: z.array(z.uuid()),
    /** theta_0, from which all of them descend. */
    modelId: z.uuid(),
    /** What the deltas are taken from; null = theta_0. Versions up to 0.2.0 had no other. */
    baseId: z.uuid().nullable().default(null),
  }),
  uses: ({ checkpointIds, baseId }) =>
    [...checkpointIds, ...(baseId === null ? [] : [baseId])].map((id) => ({ kind: 'checkpoint', id })),
  subject: ({ modelId }) => modelId,
  run(context: JobContext<Record<never, never>>, { method, parameters: given, weights, checkpointIds, ...lineage }) {
    const { db, cpu, retention, signal, progress, succeed } = context;
    const { modelId, baseId } = lineage;
    const values = readParameters(rowOf(fusionCatalog, method, 'method'), given, 'parameters');
    const plan = { method, parameters: values, ...(weights && { weights }) };
    return retention.publishing(async () => {
      const parents = await checkpointsOf(db, checkpointIds);
      const model = await requireRow(db, 'models', modelId);
      const base = baseId === null ? undefined : await requireRow(db, 'checkpoints', baseId);
      const digests = { initial: model.digest, ...(base && { base: base.digest }) };
      const input = { plan, ...digests, checkpoints: parents.map(({ digest }) => digest) };
      const onEvent = (event: { done: number; total: number }) => progress({ stage: 'fuse', ...event });
      const { digest, bytes, figures } = await cpu.call('fuse', input, { signal, onEvent });
      const row = { reason: 'fused', modelId, baseId, digest, bytes, fusion: plan, fusionFigures: figures } as const;
      return retention.recording(() => succeed((tx) => record(tx, row, parents)));
    });
  },
});

/** The checkpoint and its parents. */
async function record(tx: Transaction, values: typeof checkpoints.$inferInsert, parents: readonly CheckpointRow[]) {
  const [row] = await tx.insert(checkpoints).values(values).returning({ id: checkpoints.id });
  invariant(row, 'an insert returned nothing');
  const links = parents.map((parent, position) => ({ checkpointId: row.id, position, parentId: parent.id }));
  await tx.insert(checkpointParents).values(links);
  return { resultId: row.id, answer: {} };
}
