/** The plan of a fusion as it is shown: a list of its nodes and checkpoints. */
import { fusionCatalog } from '../../fusion/catalog.ts';
import type { FusionNode } from '../../services/checkpoints/fusion-nodes.ts';
import { builder } from '../builder.ts';
import { parametersObject } from '../catalog-inputs.ts';
import { FusionMethod } from '../enums.ts';
import { refs } from '../nouns.ts';

const { Checkpoint } = refs;

export const FusionParameters = parametersObject(
  'FusionParameters',
  'Fusion',
  "A fusion method's parameters; null where the method has no such parameter.",
  fusionCatalog,
);

export const FusionNodeObject = builder.objectRef<FusionNode>('FusionNode').implement({
  description: 'A node of the plan of a fusion, or a checkpoint that a node merges.',
  fields: (t) => ({
    parent: t.exposeInt('parent', {
      nullable: true,
      description: 'The place in the list, from 0, of the node that merges it; null for the root, which is first.',
    }),
    weight: t.exposeFloat('weight', {
      nullable: true,
      description: 'What it counts there; null for the root, and where the method takes no weights.',
    }),
    method: t.field({
      type: FusionMethod,
      nullable: true,
      description: 'The method of the node; null for a checkpoint.',
      resolve: ({ plan }) => plan?.method,
    }),
    parameters: t.field({
      type: FusionParameters,
      nullable: true,
      description: 'The parameters of the method; null for a checkpoint.',
      resolve: ({ plan }) => plan?.parameters,
    }),
    only: t.stringList({
      nullable: true,
      description: 'Globs of the parameters that the node is limited to; null where it is not, and for a checkpoint.',
      resolve: ({ plan }) => (plan?.only ? [...plan.only] : null),
    }),
    checkpoint: t.field({
      type: Checkpoint,
      nullable: true,
      description: 'The checkpoint; null for a node.',
      resolve: ({ checkpointId }) => checkpointId,
    }),
  }),
});
