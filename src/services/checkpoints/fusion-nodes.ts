/** The plan of a fusion as it is shown: as a list, and as a text. */
import type { CheckpointRow } from '../../db/schema.ts';
import { linesOf, type PlanLine } from '../../fusion/plan/inputs.ts';
import { planText } from '../../fusion/plan/text.ts';
import type { FusionPlan } from '../../fusion/types.ts';
import { checkpointNames } from '../../jobs/kinds/common/checkpoint-names.ts';
import { checkpointsOf } from '../../jobs/kinds/common/rows.ts';
import type { Tandem } from '../tandem.ts';
import { fusionOf } from './checkpoints.ts';

/** A node, or a checkpoint that one merges. */
export interface FusionNode extends Pick<PlanLine, 'parent' | 'weight'> {
  readonly plan: FusionPlan | null;
  readonly checkpointId: string | null;
}

/** Each node before what it merges. `checkpointIds` are those of the fusion in order. */
export const fusionNodes = (plan: FusionPlan, checkpointIds: readonly string[]): FusionNode[] =>
  linesOf(plan, checkpointIds.length).map(({ parent, weight, part }) =>
    typeof part === 'number'
      ? { parent, weight, plan: null, checkpointId: checkpointIds[part] ?? null }
      : { parent, weight, plan: part, checkpointId: null },
  );

/** A fused checkpoint with the ids of what was fused, in order. */
export interface Fused {
  readonly row: CheckpointRow;
  readonly parentIds: readonly string[];
}

/** The plan of each of the fused checkpoints for people, in their order. */
export async function textsOfFused({ database: { db } }: Tandem, fused: readonly Fused[]): Promise<string[]> {
  const ids = [...new Set(fused.flatMap(({ parentIds }) => parentIds))];
  const names = await checkpointNames(db, await checkpointsOf(db, ids));
  const nameOf = new Map(ids.map((id, i) => [id, names[i]!]));
  return fused.map(({ row, parentIds }) =>
    planText(
      fusionOf(row),
      parentIds.map((id) => nameOf.get(id)!),
    ),
  );
}
