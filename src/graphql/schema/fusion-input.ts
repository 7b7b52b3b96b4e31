/** What fuseCheckpoints and planFusion are given, and how it becomes a request. */
import { badInput } from '../../errors.ts';
import { fusionCatalog } from '../../fusion/catalog.ts';
import type { FuseRequest } from '../../services/checkpoints/fuse.ts';
import { type RequestedNode, treeRequest } from '../../services/checkpoints/fusion-tree.ts';
import type { Tandem } from '../../services/tandem.ts';
import { builder } from '../builder.ts';
import { parametersInput } from '../catalog-inputs.ts';
import { FusionMethod } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { CheckpointChoice, checkpointIdOf, idempotencyKey } from './common.ts';

const FusionParametersInput = parametersInput(
  'FusionParametersInput',
  'Fusion',
  "A fusion method's parameters; absent or null ones take their defaults.",
  fusionCatalog,
);

type Choice = typeof CheckpointChoice.$inferInput;

const FusionPlanInput = builder.inputRef<RequestedNode<Choice>>('FusionPlanInput');

const FusionPartInput = builder.inputType('FusionPartInput', {
  description: 'What a node of a plan merges: exactly one of these fields.',
  isOneOf: true,
  fields: (t) => ({
    checkpoint: t.field({ type: CheckpointChoice, description: 'A checkpoint; absent when a plan is given.' }),
    plan: t.field({
      type: FusionPlanInput,
      description: 'Another node, whose result is merged; absent when a checkpoint is given.',
    }),
  }),
});

FusionPlanInput.implement({
  description:
    'A tree of fusions. A node merges checkpoints and the results of other nodes; all deltas are taken from the base.',
  fields: (t) => ({
    method: t.field({ type: FusionMethod, required: true, description: 'The method of the node.' }),
    parameters: t.field({
      type: FusionParametersInput,
      description: 'The parameters of the method; absent or null ones take their defaults.',
    }),
    weights: t.floatList({
      description:
        'What each input counts, in their order, for a method that takes weights. Absent or null means 1 each.',
    }),
    only: t.stringList({
      description:
        'Globs over the names in model.safetensors, * for any characters and ? for one: the node takes part in these parameters alone. Where nothing takes part the base stays. Absent or null means all.',
    }),
    inputs: t.field({ type: [FusionPartInput], required: true, description: 'What it merges, in order.' }),
  }),
});

export const FuseInput = builder.inputType('FuseCheckpointsInput', {
  description: 'The checkpoints to fuse, and how: either checkpoints and a method, or a plan.',
  fields: (t) => ({
    checkpoints: t.idList({
      description:
        'Ids of two or more checkpoints of one lineage: all descend from one model, whatever the stages between. Absent when a plan is given.',
    }),
    method: t.field({ type: FusionMethod, description: 'The method of the fusion; absent when a plan is given.' }),
    parameters: t.field({
      type: FusionParametersInput,
      description: 'The parameters of the method; absent or null ones take their defaults.',
    }),
    weights: t.floatList({
      description:
        'What each checkpoint counts, in their order, for a method that takes weights. Absent or null means 1 each.',
    }),
    plan: t.field({ type: FusionPlanInput, description: 'A tree of methods; absent when a method is given.' }),
    base: t.field({
      type: CheckpointChoice,
      description:
        'What the deltas are taken from: any checkpoint from which all of them descend. Absent or null means the model.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});

type Input = typeof FuseInput.$inferInput;

export async function fuseRequest(tandem: Tandem, input: Input): Promise<FuseRequest> {
  const { idempotencyKey: key, base } = input;
  const common = {
    idempotencyKey: key ?? null,
    baseId: base ? await checkpointIdOf(tandem, base, 'input.base') : null,
  };
  return { ...common, ...(await formOf(tandem, input)) };
}

/** Fields of the one form that a plan stands for. */
const flatFields = ['checkpoints', 'method', 'parameters', 'weights'] as const;

async function formOf(tandem: Tandem, input: Input): Promise<FuseRequest> {
  const { plan, checkpoints, method, parameters, weights } = input;
  if (plan) {
    const beside = flatFields.find((field) => input[field] !== undefined && input[field] !== null);
    if (beside !== undefined) throw notOne(beside, `${beside} is given beside a plan`);
    return treeRequest(plan, (choice, field) => checkpointIdOf(tandem, choice, field), 'input.plan');
  }
  if (!method) throw notOne('method', 'There is neither a method nor a plan');
  if (!checkpoints) throw notOne('checkpoints', 'There are no checkpoints');
  const checkpointIds = checkpoints.map((id, i) => keyOf(id, 'Checkpoint', `input.checkpoints.${i}`).key);
  return { method, parameters: parameters ?? null, weights: weights ?? null, checkpointIds };
}

const notOne = (field: string, message: string) =>
  badInput(message, {
    field: `input.${field}`,
    expected: 'checkpoints and a method, or a plan that names its checkpoints',
    remedy: 'Give one of the two.',
  });
