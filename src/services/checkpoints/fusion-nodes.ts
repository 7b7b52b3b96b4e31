/** The plan of a fusion as it is shown: as a list, and as a text. */
import type { CheckpointRow } from '../../db/schema.ts';
import { linesOf, type PlanLine } from '../../fusion/plan/inputs.ts';
import { planText } from '../../fusion/plan/text.ts';
import type { FusionPlan } from '../../fusion/types.ts';
import { checkpointNames } from '../../jobs/kinds/common/checkpoint-names.ts';
import { checkpointsOf } from '../../jobs/kinds/common/rows.ts';
import type { Tandem } from '../tandem.ts';
import { fusionOf, parentsOf } from './checkpoints.ts';

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

/** The nodes of a fused checkpoint. */
export async function nodesOfFused(tandem: Tandem, row: CheckpointRow): Promise<FusionNode[]> {
  return fusionNodes(fusionOf(row), await parentsOf(tandem, row.id));
}

/** The plan of a fused checkpoint for people. */
export async function textOfFused(tandem: Tandem, row: CheckpointRow): Promise<string> {
  const { db } = tandem.database;
  const parents = await checkpointsOf(db, await parentsOf(tandem, row.id));
  return planText(fusionOf(row), await checkpointNames(db, parents));
}
