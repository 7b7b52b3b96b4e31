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

/** The plan of a fused checkpoint for people; `parentIds` are those of what was fused, in order. */
export async function textOfFused(
  { database: { db } }: Tandem,
  row: CheckpointRow,
  parentIds: readonly string[],
): Promise<string> {
  const parents = await checkpointsOf(db, [...parentIds]);
  return planText(fusionOf(row), await checkpointNames(db, parents));
}
