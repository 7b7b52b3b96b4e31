/** How a checkpoint was fused. */
import type { CheckpointRow } from '../../db/schema.ts';
import * as checkpoints from '../../services/checkpoints/checkpoints.ts';
import { fusionNodes, textsOfFused } from '../../services/checkpoints/fusion-nodes.ts';
import { builder } from '../builder.ts';
import { FusionMethod } from '../enums.ts';
import { refs } from '../nouns.ts';
import { requestLoader } from '../request-loader.ts';
import { FusionNodeObject, FusionParameters } from './fusion-node.ts';

const { Checkpoint } = refs;

/** Of a checkpoint, by its id; and of its row. */
const parentsOf = requestLoader(checkpoints.parentsOf);
const baseOf = requestLoader(checkpoints.basesOf);
const textOf = requestLoader(textsOfFused);

const FusionFigure = builder.objectRef<checkpoints.DescribedFigure>('FusionFigure').implement({
  description: 'What the method of a fusion tells beside the weights.',
  fields: (t) => ({
    node: t.exposeInt('node', {
      description: 'The node of the plan that tells it, by its place in `nodes`; 0 is the root.',
    }),
    name: t.exposeString('name', { description: 'The name of the figure.' }),
    description: t.exposeString('description', { description: 'What it says.' }),
    value: t.exposeFloat('value', {
      nullable: true,
      description: 'The figure; null where there was nothing to take it from.',
    }),
  }),
});

export const Fusion = builder.objectRef<CheckpointRow>('Fusion').implement({
  description: 'How a checkpoint was fused.',
  fields: (t) => ({
    method: t.field({
      type: FusionMethod,
      description: 'The method of the fusion; of a plan of several nodes, that of the root.',
      resolve: (row) => checkpoints.fusionOf(row).method,
    }),
    parameters: t.field({
      type: FusionParameters,
      description: 'The parameters of the fusion method.',
      resolve: (row) => checkpoints.fusionOf(row).parameters,
    }),
    weights: t.floatList({
      nullable: true,
      description: 'What each input of the method counted, in their order; null if it takes no weights.',
      resolve: (row) => checkpoints.fusionOf(row).weights,
    }),
    nodes: t.field({
      type: [FusionNodeObject],
      description: 'The whole plan: each node before what it merges, the root with the method above first.',
      resolve: async (row, _args, context) => fusionNodes(checkpoints.fusionOf(row), await parentsOf(row.id, context)),
    }),
    text: t.string({
      description: 'The plan for people: an indented tree.',
      resolve: async (row, _args, context) => textOf({ row, parentIds: await parentsOf(row.id, context) }, context),
    }),
    figures: t.field({
      type: [FusionFigure],
      description: 'The figures that the method has, of this fusion; none of one made by a version up to 0.2.0.',
      resolve: (row) => checkpoints.figuresOf(row),
    }),
    base: t.field({
      type: Checkpoint,
      description:
        'What the deltas were taken from: the untrained weights of the model, unless another base was given.',
      resolve: (row, _args, context) => baseOf(row, context),
    }),
    checkpoints: t.field({
      type: [Checkpoint],
      description: 'The checkpoints that were fused, in the order in which they were given.',
      resolve: (row, _args, context) => parentsOf(row.id, context),
    }),
  }),
});
