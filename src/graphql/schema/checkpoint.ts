/** Checkpoints: weights with their lineage; alias, delete. */
import type { CheckpointRow } from '../../db/schema.ts';
import * as checkpoints from '../../services/checkpoints/checkpoints.ts';
import { builder } from '../builder.ts';
import { connect } from '../connection.ts';
import { CheckpointReason } from '../enums.ts';
import { keyIf, keyOf } from '../ids.ts';
import { connections, loadIfThere, refs } from '../nouns.ts';
import { CheckpointChoice, checkpointIdOf, orderInput } from './common.ts';
import { Fusion } from './fusion-object.ts';

const { Checkpoint, Evaluation, Model, Run } = refs;
const { Checkpoint: CheckpointConnection } = connections;

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
      resolve: (row, _args, { tandem }) => checkpoints.evaluationsOf(tandem, row.id),
    }),
  }),
});

const CheckpointFilter = builder.inputType('CheckpointFilter', {
  description: 'Conditions that a checkpoint must meet; absent fields do not restrict.',
  fields: (t) => ({
    run: t.id({ description: 'Only checkpoints of this run; absent or null means any run.' }),
    model: t.id({ description: 'Only checkpoints that descend from this model; absent or null means any model.' }),
    reason: t.field({
      type: CheckpointReason,
      description: 'Only checkpoints made for this reason; absent or null means any reason.',
    }),
    alias: t.string({ description: 'Only the checkpoint with this alias; absent or null means any.' }),
  }),
});

const CheckpointOrderField = builder.enumType('CheckpointOrderField', {
  description: 'What checkpoints are ordered by.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'When they were made.' },
    STEP: { value: 'step', description: 'The number of updates made.' },
  } as const,
});

const CheckpointOrder = orderInput('CheckpointOrder', CheckpointOrderField, 'Order of checkpoints.');

builder.objectField(Run, 'checkpoints', (t) =>
  t.connection(
    {
      type: Checkpoint,
      description: 'The checkpoints of the run, oldest first.',
      resolve: (row, args, context) =>
        connect<CheckpointRow>(args, context, (window) =>
          checkpoints.list(
            context.tandem,
            { filter: { runId: row.id }, orderBy: { field: 'step', direction: 'asc' } },
            window,
          ),
        ),
    },
    CheckpointConnection,
  ),
);

builder.queryFields((t) => ({
  checkpoints: t.connection(
    {
      type: Checkpoint,
      description: 'The checkpoints, newest first.',
      args: {
        filter: t.arg({
          type: CheckpointFilter,
          description: 'Conditions that the items must meet; absent or null means all.',
        }),
        orderBy: t.arg({
          type: CheckpointOrder,
          description: 'The order of the items; absent or null means newest first.',
        }),
      },
      resolve: (_root, args, context) => {
        const { run, model, reason, alias } = args.filter ?? {};
        const filter = {
          runId: keyIf(run, 'Run', 'filter.run'),
          modelId: keyIf(model, 'Model', 'filter.model'),
          reason,
          alias,
        };
        return connect(args, context, (window) =>
          checkpoints.list(context.tandem, { filter, orderBy: args.orderBy }, window),
        );
      },
    },
    CheckpointConnection,
  ),
  checkpoint: t.field({
    type: Checkpoint,
    nullable: true,
    description: 'One checkpoint; null, with the error NOT_FOUND, if there is none.',
    args: { by: t.arg({ type: CheckpointChoice, required: true, description: 'The checkpoint to return.' }) },
    resolve: (_root, { by }, { tandem }) => checkpointIdOf(tandem, by, 'by'),
  }),
}));

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
