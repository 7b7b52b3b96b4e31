/** Heads per task. */
import { type Heads, noHeads } from '../../model/types.ts';
import { builder } from '../builder.ts';
import { HeadKind } from '../enums.ts';

export const HeadsObject = builder.objectRef<Heads>('Heads').implement({
  description:
    'The last layers of a model that belong to one task each, behind all other layers and before vectors get their length.',
  fields: (t) => ({
    ir: t.expose('ir', {
      type: HeadKind,
      description: 'The head of retrieval: of queries and passages, so of collections and searches.',
    }),
    sts: t.expose('sts', { type: HeadKind, description: 'The head of similarity: of the texts that are compared.' }),
  }),
});

export const HeadsInput = builder.inputType('HeadsInput', {
  description: 'Which tasks get a head. A new head is the identity: it changes no vector before it is trained.',
  fields: (t) => ({
    ir: t.field({
      type: HeadKind,
      required: true,
      defaultValue: noHeads.ir,
      description: 'The head of retrieval: of queries and passages.',
    }),
    sts: t.field({
      type: HeadKind,
      required: true,
      defaultValue: noHeads.sts,
      description: 'The head of similarity: of the texts that are compared.',
    }),
  }),
});
