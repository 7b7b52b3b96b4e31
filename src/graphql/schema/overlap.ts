/** What a split of a data set shares with all that a checkpoint has learnt from. */
import type { CheckpointRow } from '../../db/schema.ts';
import { trainingSetsOf } from '../../services/checkpoints/ancestors.ts';
import { type Overlap as OverlapShape, overlapWith } from '../../services/checkpoints/overlap.ts';
import { builder } from '../builder.ts';
import { Split } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { refs } from '../nouns.ts';
import { requestLoader } from '../request-loader.ts';

const { Checkpoint, Dataset } = refs;

export const Overlap = builder.objectRef<OverlapShape>('Overlap').implement({
  description:
    'What a split of a data set shares with the data sets that a checkpoint and all that it descends from were trained on. Each text and each pair counts once; equal texts are equal to the character. What an imported model has learnt before is not known.',
  fields: (t) => ({
    unseen: t.exposeBoolean('unseen', {
      description: 'Whether no text is shared, and no training set is this one or related to it.',
    }),
    texts: t.exposeInt('texts', {
      description: 'The texts that the evaluation reads: queries, relevant texts and documents, or those of pairs.',
    }),
    sharedTexts: t.exposeInt('sharedTexts', { description: 'Those of the texts that were trained on.' }),
    pairs: t.exposeInt('pairs', { description: 'The queries with a relevant text (IR), or the graded pairs (STS).' }),
    sharedPairs: t.exposeInt('sharedPairs', {
      description: 'Those of the pairs that were trained on, in either order, whatever their grades.',
    }),
    same: t.field({
      type: [Dataset],
      description: 'The training sets that are this very version; another split of it was trained on at least.',
      resolve: ({ same }) => same.map(({ id }) => id),
    }),
    related: t.field({
      type: [Dataset],
      description:
        'The training sets of the same name, or derived from the same data sets as this one, or it from them.',
      resolve: ({ related }) => related.map(({ id }) => id),
    }),
  }),
});

const trainingSets = requestLoader(({ database: { db } }, rows: readonly CheckpointRow[]) => trainingSetsOf(db, rows));

builder.objectFields(Checkpoint, (t) => ({
  trainingSets: t.field({
    type: [Dataset],
    description: 'The data sets that the checkpoint and all that it descends from were trained on, the oldest first.',
    resolve: async (checkpoint, _args, context) => (await trainingSets(checkpoint, context)).map((row) => row.id),
  }),
  overlap: t.field({
    type: Overlap,
    description: 'What a split of a data set shares with them.',
    args: {
      dataset: t.arg.id({ required: true, description: 'Id of a data set.' }),
      split: t.arg({ type: Split, required: true, defaultValue: 'test', description: 'The split of the data set.' }),
    },
    resolve: ({ id }, { dataset, split }, { tandem, signal }) =>
      overlapWith(tandem, id, { datasetId: keyOf(dataset, 'Dataset', 'dataset').key, split }, signal),
  }),
}));
