/** fuseCheckpoints. */
import { fusionCatalog } from '../../fusion/catalog.ts';
import { fuseCheckpoints } from '../../services/checkpoints/fuse.ts';
import { builder } from '../builder.ts';
import { parametersInput } from '../catalog-inputs.ts';
import { FusionMethod } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { refs } from '../nouns.ts';
import { CheckpointChoice, checkpointIdOf, idempotencyKey } from './common.ts';

const { Checkpoint, Job } = refs;

const FusionParametersInput = parametersInput(
  'FusionParametersInput',
  'Fusion',
  "A fusion method's parameters; absent or null ones take their defaults.",
  fusionCatalog,
);

const FuseInput = builder.inputType('FuseCheckpointsInput', {
  description: 'The checkpoints to fuse, and how.',
  fields: (t) => ({
    checkpoints: t.idList({
      required: true,
      description:
        'Ids of two or more checkpoints of one lineage: all descend from one model, whatever the stages between.',
    }),
    method: t.field({ type: FusionMethod, required: true, description: 'The method of the fusion.' }),
    parameters: t.field({
      type: FusionParametersInput,
      description: 'The parameters of the method; absent or null ones take their defaults.',
    }),
    weights: t.floatList({
      description:
        'What each checkpoint counts, in their order, for a method that takes weights. Absent or null means 1 each.',
    }),
    base: t.field({
      type: CheckpointChoice,
      description:
        'What the deltas are taken from: any checkpoint from which all of them descend. Absent or null means the model.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});

export const FusePayload = builder
  .objectRef<Awaited<ReturnType<typeof fuseCheckpoints>>>('FuseCheckpointsPayload')
  .implement({
    description: 'The result of fuseCheckpoints and of fuseCandidate.',
    fields: (t) => ({
      checkpoint: t.expose('checkpoint', { type: Checkpoint, description: 'The fused checkpoint.' }),
      job: t.expose('job', { type: Job, description: 'The job that made it.' }),
    }),
  });

builder.mutationField('fuseCheckpoints', (t) =>
  t.field({
    type: FusePayload,
    description:
      'Fuses checkpoints of one model into a new one and waits for it. Checkpoints of different models are refused, and those that do not descend from the base.',
    args: { input: t.arg({ type: FuseInput, required: true, description: 'The checkpoints and the method.' }) },
    resolve: async (_root, { input }, { tandem }) =>
      fuseCheckpoints(tandem, {
        ...input,
        baseId: input.base ? await checkpointIdOf(tandem, input.base, 'input.base') : null,
        checkpointIds: input.checkpoints.map((id, i) => keyOf(id, 'Checkpoint', `input.checkpoints.${i}`).key),
      }),
  }),
);
