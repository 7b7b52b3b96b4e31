/** A fusion by its rows as the CPU thread knows it, by digests. */
import type { Executor } from '../../../db/open.ts';
import { requireRow } from '../../../db/rows.ts';
import type { CheckpointRow } from '../../../db/schema.ts';
import type { FuseInput, FusionPlan } from '../../../fusion/types.ts';

export interface FusionRows {
  readonly plan: FusionPlan;
  readonly checkpoints: readonly CheckpointRow[];
  /** theta_0, from which all of them descend. */
  readonly modelId: string;
  /** What the deltas are taken from; null = theta_0. */
  readonly baseId: string | null;
}

export async function fusionInput(
  db: Executor,
  { plan, checkpoints, modelId, baseId }: FusionRows,
): Promise<FuseInput> {
  const model = await requireRow(db, 'models', modelId);
  const base = baseId === null ? undefined : await requireRow(db, 'checkpoints', baseId);
  return {
    plan,
    initial: model.digest,
    ...(base && { base: base.digest }),
    checkpoints: checkpoints.map(({ digest }) => digest),
  };
}
