/** The data sets of a run. */
import type { RunDatasetRow } from '../../db/schema.ts';
import { builder } from '../builder.ts';
import { refs } from '../nouns.ts';
import { LossTermObject } from './run-settings.ts';

const { Dataset } = refs;

export const RunDataset = builder.objectRef<RunDatasetRow>('RunDataset').implement({
  description: 'A data set that a run trains on.',
  fields: (t) => ({
    dataset: t.field({ type: Dataset, description: 'The data set.', resolve: (row) => row.datasetId }),
    weight: t.exposeFloat('weight', { description: 'The factor of its number of batches in an epoch.' }),
    losses: t.field({
      type: [LossTermObject],
      nullable: true,
      description: 'Its own loss terms; null means those of its task in the settings.',
      resolve: ({ losses }) => losses && [...losses],
    }),
  }),
});
