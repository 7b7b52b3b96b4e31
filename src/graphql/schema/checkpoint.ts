/** Checkpoints: weights with their lineage; alias, delete. */
import type { CheckpointRow } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import * as checkpoints from '../../services/checkpoints/checkpoints.ts';
import { checkpointList } from '../../services/checkpoints/list.ts';
import { builder } from '../builder.ts';
import { CheckpointReason } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { defineList } from '../lists/field.ts';
import { connections, loadIfThere, refs } from '../nouns.ts';
import { requestLoader } from '../request-loader.ts';
import { evaluationOrder, readEvaluationOrder } from './checkpoint-order.ts';
import { CheckpointChoice, checkpointIdOf } from './common.ts';
import { Fusion } from './fusion-object.ts';

const { Checkpoint, Evaluation, Model, Run } = refs;
const { Checkpoint: CheckpointConnection } = connections;

/** Of a checkpoint, by its id. */
const evaluationsOf = requestLoader(checkpoints.evaluationsOf);

Checkpoint.implement({
  description: 'Weights with their lineage, kept as a sentence-transformers folder.',
  fields: (t) => ({
    alias: t.exposeString('alias', {
      nullable: true,
      description: 'The alias that names the checkpoint; null if it has none.',
    }),
    reason: t.expose('reason', { type: CheckpointReason, description: 'Why the checkpoint was made.' }),
    model: t.field({
      type: Model,
      description: 'The root of its lineage: the model, as it was made, that it descends from.',
      resolve: (row) => row.modelId,
    }),
    run: t.field({
      type: Run,
      nullable: true,
      description: 'The run that made it; null for a fused checkpoint and for the untrained weights of a model.',
      resolve: (row) => row.runId,
    }),
    step: t.exposeInt('step', { description: 'The number of updates made; 0 if untrained or fused.' }),
    epoch: t.exposeInt('epoch', {
      description: 'The epoch in progress or just ended, counted from 1; 0 if untrained or fused.',
    }),
    best: t.boolean({
      description: 'Whether it has the highest joint score of its run on the dev sets, of equal scores the first.',
      resolve: async ({ runId, step }, _args, context) => {
        const run = runId === null ? null : await loadIfThere<'runs'>(context, 'Run', runId);
        return run?.bestStep === step;
      },
    }),
    digest: t.exposeString('digest', { description: 'The SHA-256 digest of the folder.' }),
    bytes: t.expose('bytes', { type: 'Int64', description: 'The size of the folder in bytes.' }),
    resumable: t.boolean({
      description: 'Whether its run can continue from here.',
      resolve: (row) => row.stateDigest !== null,
    }),
    fusion: t.field({
      type: Fusion,
      nullable: true,
      description: 'How it was fused; null if it was not.',
      resolve: (row) => (row.fusion === null ? null : row),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the checkpoint was made.' }),
    evaluations: t.field({
      type: [Evaluation],
      description: 'The evaluations of the checkpoint, newest first.',
      resolve: (row, _args, context) => evaluationsOf(row.id, context),
    }),
  }),
});

const checkpointsOf = defineList<CheckpointRow>(checkpointList, 'Checkpoint', Checkpoint, CheckpointConnection, {
  enums: { reason: CheckpointReason },
  orderArguments: evaluationOrder,
  readOrder: readEvaluationOrder,
});

builder.objectField(Run, 'checkpoints', (t) =>
  checkpointsOf.part(t, {
    edge: 'run',
    description: 'The checkpoints of the run, by the number of updates unless another order is asked for.',
    order: [{ field: 'step', direction: 'asc' }],
  }),
);
builder.objectField(Model, 'checkpoints', (t) =>
  checkpointsOf.part(t, { edge: 'model', description: 'The checkpoints that descend from the model, newest first.' }),
);

builder.queryFields((t) => ({
  checkpoints: checkpointsOf.whole(t, 'The checkpoints, newest first.'),
  checkpoint: t.field({
    type: Checkpoint,
    nullable: true,
    description: 'One checkpoint, by its id or by its alias; null, with the error NOT_FOUND, if there is none.',
    args: {
      id: t.arg.id({ description: 'Id of a checkpoint; absent or null beside `by`.' }),
      by: t.arg({
        type: CheckpointChoice,
        description: 'The checkpoint by its id or its alias; absent or null beside `id`.',
      }),
    },
    resolve: (_root, { id, by }, { tandem }) => {
      const given = [id, by].filter((one) => one !== null && one !== undefined);
      if (given.length !== 1) throw notOne(given.length);
      return by ? checkpointIdOf(tandem, by, 'by') : keyOf(id ?? '', 'Checkpoint', 'id').key;
    },
  }),
}));

const notOne = (count: number) =>
  badInput(`The checkpoint is named ${count === 0 ? 'by nothing' : 'twice'}`, {
    field: 'id',
    expected: 'either id or by',
    remedy: 'Give the id as `id`, or the alias as `by: { alias: ... }`.',
  });

const SetAliasPayload = builder.objectRef<{ checkpoint: CheckpointRow }>('SetCheckpointAliasPayload').implement({
  description: 'The result of setCheckpointAlias.',
  fields: (t) => ({
    checkpoint: t.expose('checkpoint', {
      type: Checkpoint,
      description: 'The checkpoint that was changed.',
    }),
  }),
});

const SetAliasInput = builder.inputType('SetCheckpointAliasInput', {
  description: 'The alias of a checkpoint.',
  fields: (t) => ({
    checkpoint: t.id({ required: true, description: 'Id of a checkpoint.' }),
    alias: t.string({
      description:
        'The alias, 1 to 100 letters, digits, dots or dashes; another checkpoint that has it loses it. Absent or null removes the alias.',
    }),
  }),
});

builder.mutationFields((t) => ({
  setCheckpointAlias: t.field({
    type: SetAliasPayload,
    description: 'Gives a checkpoint an alias, moves one to it, or removes its alias.',
    args: { input: t.arg({ type: SetAliasInput, required: true, description: 'The checkpoint and its new alias.' }) },
    resolve: async (_root, { input }, { tandem }) => ({
      checkpoint: await checkpoints.setAlias(
        tandem,
        keyOf(input.checkpoint, 'Checkpoint', 'input.checkpoint').key,
        input.alias ?? null,
      ),
    }),
  }),
}));
