/** What fuseCheckpoints and planFusion are given, and how it becomes a request. */
import { badInput } from '../../errors.ts';
import { fusionCatalog } from '../../fusion/catalog.ts';
import type { FuseRequest } from '../../services/checkpoints/fuse.ts';
import { type RequestedNode, treeRequest } from '../../services/checkpoints/fusion-tree.ts';
import { mergekitRequest } from '../../services/checkpoints/mergekit/request.ts';
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

const MergekitModelInput = builder.inputType('MergekitModelInput', {
  description: 'Which checkpoint a model of a configuration is.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name of the model in the configuration.' }),
    checkpoint: t.field({ type: CheckpointChoice, required: true, description: 'The checkpoint that it is.' }),
  }),
});

const MergekitInput = builder.inputType('MergekitInput', {
  description:
    'A configuration of mergekit, of the methods linear, slerp, task_arithmetic, ties, sce and model_stock; what has no counterpart here is refused by name.',
  fields: (t) => ({
    text: t.string({ required: true, description: 'The configuration as YAML.' }),
    models: t.field({
      type: [MergekitModelInput],
      description:
        'Which checkpoints its models are. A model that is not listed, or any where this is absent or null, is the checkpoint with its name as alias, or else the untrained weights of the model of that name.',
    }),
  }),
});

export const FuseInput = builder.inputType('FuseCheckpointsInput', {
  description: 'The checkpoints to fuse, and how: checkpoints and a method, a plan, or a configuration of mergekit.',
  fields: (t) => ({
    checkpoints: t.idList({
      description:
        'Ids of two or more checkpoints of one lineage: all descend from one model, whatever the stages between. Absent without a method.',
    }),
    method: t.field({
      type: FusionMethod,
      description: 'The method of the fusion; absent when a plan or a configuration is given.',
    }),
    parameters: t.field({
      type: FusionParametersInput,
      description: 'The parameters of the method; absent or null ones take their defaults.',
    }),
    weights: t.floatList({
      description:
        'What each checkpoint counts, in their order, for a method that takes weights. Absent or null means 1 each.',
    }),
    plan: t.field({
      type: FusionPlanInput,
      description: 'A tree of methods; absent when a method or a configuration is given.',
    }),
    mergekit: t.field({
      type: MergekitInput,
      description: 'A configuration of mergekit; absent when a method or a plan is given. It names the base itself.',
    }),
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
  const form = await formOf(tandem, input);
  const baseId = base ? await checkpointIdOf(tandem, base, 'input.base') : null;
  return { baseId, ...form, idempotencyKey: key ?? null };
}

/** Fields of the form with one method, and of the other forms. */
const flatFields = ['checkpoints', 'method', 'parameters', 'weights'] as const;

async function formOf(tandem: Tandem, input: Input): Promise<FuseRequest> {
  const { plan, mergekit } = input;
  if (plan) {
    refuseBeside(input, 'plan', [...flatFields, 'mergekit']);
    return treeRequest(plan, (choice, field) => checkpointIdOf(tandem, choice, field), 'input.plan');
  }
  if (mergekit) {
    refuseBeside(input, 'mergekit', [...flatFields, 'base']);
    const named = await namedOf(tandem, mergekit.models ?? []);
    return mergekitRequest(tandem, { text: mergekit.text, named }, 'input.mergekit.text');
  }
  return flatRequest(input);
}

function flatRequest({ checkpoints, method, parameters, weights }: Input): FuseRequest {
  if (!method) throw notOne('method', 'There is no method, no plan and no configuration');
  if (!checkpoints) throw notOne('checkpoints', 'There are no checkpoints');
  const checkpointIds = checkpoints.map((id, i) => keyOf(id, 'Checkpoint', `input.checkpoints.${i}`).key);
  return { method, parameters: parameters ?? null, weights: weights ?? null, checkpointIds };
}

/** Keys of checkpoints by the names that a configuration has for them. */
async function namedOf(
  tandem: Tandem,
  models: readonly (typeof MergekitModelInput.$inferInput)[],
): Promise<ReadonlyMap<string, string>> {
  const named = new Map<string, string>();
  for (const [i, { name, checkpoint }] of models.entries()) {
    named.set(name, await checkpointIdOf(tandem, checkpoint, `input.mergekit.models.${i}.checkpoint`));
  }
  return named;
}

function refuseBeside(input: Input, form: string, others: readonly (keyof Input)[]): void {
  const beside = others.find((field) => input[field] !== undefined && input[field] !== null);
  if (beside !== undefined) throw notOne(beside, `${beside} is given beside ${form}`);
}

const notOne = (field: string, message: string) =>
  badInput(message, {
    field: `input.${field}`,
    expected: 'checkpoints and a method, a plan that names its checkpoints, or a configuration of mergekit',
    remedy: 'Give one of these.',
  });
