/** fuseCheckpoints and planFusion. */
import { fuseCheckpoints, type PlannedFusion, planFusion } from '../../services/checkpoints/fuse.ts';
import { fusionNodes } from '../../services/checkpoints/fusion-nodes.ts';
import { initialCheckpoint } from '../../services/models/models.ts';
import { builder } from '../builder.ts';
import { longPayload, madeField, waitArg } from '../long.ts';
import { refs } from '../nouns.ts';
import { FuseInput, fuseRequest } from './fusion-input.ts';
import { FusionNodeObject } from './fusion-node.ts';

const { Checkpoint } = refs;

export const FusePayload = longPayload('FuseCheckpointsPayload', 'fuse', {
  description: 'The result of fuseCheckpoints and of fuseCandidate.',
  job: 'The job that made it.',
  made: ([done]) => ({ checkpoint: done?.id }),
  fields: (t) => ({
    checkpoint: t.expose('checkpoint', { type: Checkpoint, ...madeField('The fused checkpoint.') }),
  }),
});

const PlannedFusionObject = builder.objectRef<PlannedFusion>('FusionPlan').implement({
  description: 'What a fusion would do and take; nothing is merged.',
  fields: (t) => ({
    nodes: t.field({
      type: [FusionNodeObject],
      description: 'The plan with all its parameters and weights: each node before what it merges.',
      resolve: ({ plan, checkpoints }) =>
        fusionNodes(
          plan,
          checkpoints.map(({ id }) => id),
        ),
    }),
    text: t.exposeString('text', { description: 'The plan for people: an indented tree.' }),
    base: t.field({
      type: Checkpoint,
      description: 'What the deltas are taken from.',
      resolve: ({ baseId, modelId }, _args, { tandem }) => baseId ?? initialCheckpoint(tandem, modelId),
    }),
    checkpoints: t.field({
      type: [Checkpoint],
      description: 'The checkpoints that would be fused, each once.',
      resolve: ({ checkpoints }) => [...checkpoints],
    }),
    tensors: t.exposeInt('tensors', { description: 'The number of tensors of the model.' }),
    mergedTensors: t.exposeInt('mergedTensors', {
      description: 'How many of them the plan merges; the others stay those of the base.',
    }),
    bytes: t.expose('bytes', { type: 'Int64', description: 'The size of the fused weights in bytes.' }),
    memoryBytes: t.expose('memoryBytes', {
      type: 'Int64',
      description:
        'The bytes of the tensors that are held at once, at most; a method may need as much again for one of them.',
    }),
  }),
});

builder.queryField('planFusion', (t) =>
  t.field({
    type: PlannedFusionObject,
    description:
      'What fuseCheckpoints with this input would do and take. What it would refuse before it reads weights is refused.',
    args: { input: t.arg({ type: FuseInput, required: true, description: 'The fusion that would be made.' }) },
    resolve: async (_root, { input }, { tandem, signal }) =>
      planFusion(tandem, await fuseRequest(tandem, input), signal),
  }),
);

builder.mutationField('fuseCheckpoints', (t) =>
  t.field({
    type: FusePayload.ref,
    description:
      'Fuses checkpoints of one model into a new one and waits for it. Checkpoints of different models are refused, and those that do not descend from the base.',
    args: {
      input: t.arg({ type: FuseInput, required: true, description: 'The checkpoints and the method.' }),
      wait: waitArg(t.arg),
    },
    resolve: async (_root, { input, wait }, { tandem }) =>
      FusePayload.answer(tandem, wait, await fuseCheckpoints(tandem, await fuseRequest(tandem, input))),
  }),
);
