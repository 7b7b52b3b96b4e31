/** Fuses checkpoints of one lineage into a new one. */
import { z } from 'zod';
import type { Transaction } from '../../db/open.ts';
import { type CheckpointRow, checkpointParents, checkpoints } from '../../db/schema.ts';
import { invariant } from '../../errors.ts';
import { readPlan } from '../../fusion/plan/read-plan.ts';
import { defineJob, type JobContext } from '../define.ts';
import { fusionInput } from './common/fusion-input.ts';
import { fusionPlan } from './common/fusion-plan.ts';
import { checkpointsOf } from './common/rows.ts';
import { kindOf } from './entry.ts';

export const fuse = defineJob({
  entry: kindOf('fuse'),
  input: z.object({
    ...fusionPlan,
    checkpointIds: z.array(z.uuid()),
    /** theta_0, from which all of them descend. */
    modelId: z.uuid(),
    /** What the deltas are taken from; null = theta_0. Versions up to 0.2.0 had no other. */
    baseId: z.uuid().nullable().default(null),
  }),
  uses: ({ checkpointIds, baseId }) =>
    [...checkpointIds, ...(baseId === null ? [] : [baseId])].map((id) => ({ kind: 'checkpoint', id })),
  subject: ({ modelId }) => modelId,
  run(context: JobContext<Record<never, never>>, { checkpointIds, modelId, baseId, ...given }) {
    const { db, cpu, retention, signal, progress, succeed } = context;
    // jsonb forgets the order of parameters.
    const plan = readPlan(given, checkpointIds.length, 'input.plan');
    return retention.publishing(async () => {
      const parents = await checkpointsOf(db, checkpointIds);
      const input = await fusionInput(db, { plan, checkpoints: parents, modelId, baseId });
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
