/** A tree of methods whose leaves name checkpoints, as a plan over the distinct ones by their places. */
import type { GivenParameters } from '../../catalog-parameters.ts';
import type { FusionMethod } from '../../fusion/catalog.ts';
import { checkPlanSize, inputField } from '../../fusion/plan/read-plan.ts';
import type { FusionPlan } from '../../fusion/types.ts';
import type { FuseRequest } from './fuse.ts';

/** A node as a caller gives it; `Choice` says which checkpoint is meant. */
export interface RequestedNode<Choice> {
  readonly method: FusionMethod;
  readonly parameters?: GivenParameters | null | undefined;
  readonly weights?: readonly number[] | null | undefined;
  readonly only?: readonly string[] | null | undefined;
  /** Each with one of the two. */
  readonly inputs: readonly {
    readonly checkpoint?: Choice | null | undefined;
    readonly plan?: RequestedNode<Choice> | null | undefined;
  }[];
}

type TreeRequest = Pick<FuseRequest, 'checkpointIds' | 'fields'> & FusionPlan;

/**
 * `keyOf` gives the key of a checkpoint that a leaf names; `field` is the path of the tree. Throws a LIMIT_EXCEEDED for
 * a tree that is too large, before any leaf is looked up.
 */
export async function treeRequest<Choice>(
  root: RequestedNode<Choice>,
  keyOf: (choice: Choice, field: string) => Promise<string>,
  field: string,
): Promise<TreeRequest> {
  const leaves: { readonly choice: Choice; readonly field: string }[] = [];
  const plan = planOf(root, field, (choice, at) => leaves.push({ choice, field: at }) - 1);
  checkPlanSize(plan, leaves.length, field);
  const keys: string[] = [];
  for (const leaf of leaves) keys.push(await keyOf(leaf.choice, leaf.field));
  const checkpointIds = [...new Set(keys)];
  const placed = withPlaces(plan, (leaf) => checkpointIds.indexOf(keys[leaf]!));
  const checkpoint = (place: number): string => leaves[keys.indexOf(checkpointIds[place]!)]!.field;
  return { ...placed, checkpointIds, fields: { plan: field, checkpoint } };
}

function planOf<Choice>(
  { method, parameters, weights, only, inputs }: RequestedNode<Choice>,
  field: string,
  addLeaf: (choice: Choice, field: string) => number,
): FusionPlan {
  const read = inputs.map(({ checkpoint, plan }, i) => {
    const at = inputField(field, i);
    return plan ? planOf(plan, `${at}.plan`, addLeaf) : addLeaf(checkpoint as Choice, `${at}.checkpoint`);
  });
  return {
    ...{ method, parameters: parameters ?? {}, inputs: read },
    ...(weights && { weights }),
    ...(only && { only }),
  };
}

const withPlaces = (plan: FusionPlan, placeOf: (leaf: number) => number): FusionPlan => ({
  ...plan,
  inputs: plan.inputs!.map((input) => (typeof input === 'number' ? placeOf(input) : withPlaces(input, placeOf))),
});
