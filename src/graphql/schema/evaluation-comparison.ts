/** compareCheckpoints: differences between two checkpoints, with tests. */
import type { Comparison as ComparisonFigures } from '../../evaluation/statistics/types.ts';
import { type Compared, compareCheckpoints } from '../../services/evaluations/compare.ts';
import { builder } from '../builder.ts';
import { namedEnum, Split } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { refs } from '../nouns.ts';
import { CheckpointChoice, checkpointIdOf } from './common.ts';
import { pooledSays } from './evaluation.ts';
import { QueryFigure } from './evaluation-units.ts';

const { Dataset, Evaluation } = refs;

export const Verdict = namedEnum<ComparisonFigures['verdict']>('Verdict', 'What a test says of the candidate.', {
  better: 'The interval of the difference lies above 0.',
  worse: 'The interval of the difference lies below 0.',
  undecided: 'The interval of the difference holds 0, or there is none.',
});

const Comparison = builder.objectRef<Compared>('Comparison').implement({
  description: 'Two evaluations of the same queries or pairs, the candidate minus the reference.',
  fields: (t) => ({
    dataset: t.field({ type: Dataset, description: 'The data set.', resolve: ({ reference }) => reference.datasetId }),
    reference: t.expose('reference', { type: Evaluation, description: 'The evaluation that is subtracted.' }),
    candidate: t.expose('candidate', { type: Evaluation, description: 'The evaluation that it is subtracted from.' }),
    figure: t.exposeString('figure', { description: 'What is compared, by the name of the metric.' }),
    units: t.exposeInt('units', { description: 'The number of queries or pairs.' }),
    difference: t.exposeFloat('difference', {
      nullable: true,
      description: 'The figure of the candidate minus that of the reference; null where one is undefined.',
    }),
    low: t.exposeFloat('low', {
      nullable: true,
      description:
        'Lower end of the 95 % interval: paired bootstrap of 10,000 resamples, percentiles. Null where the difference is.',
    }),
    high: t.exposeFloat('high', {
      nullable: true,
      description: 'Upper end of the interval; null where the difference is.',
    }),
    p: t.exposeFloat('p', {
      nullable: true,
      description:
        'Two-sided p of a randomisation test of 10,000 rounds; for STS the ranks are exchanged. Null where the difference is.',
    }),
    detectable: t.exposeFloat('detectable', {
      nullable: true,
      description:
        'The smallest difference that such a test finds with a probability of 80 %; null where the difference is.',
    }),
    resamples: t.exposeInt('resamples', { description: 'The resamples in which the difference is defined.' }),
    verdict: t.expose('verdict', { type: Verdict, description: 'What the interval says of the candidate.' }),
    undefinedReason: t.exposeString('undefinedReason', {
      nullable: true,
      description: 'Why the difference is null; null if it is defined.',
    }),
  }),
});

export const suiteSays =
  'Id of a suite, whose splits are taken in place of data sets, split and pooled; absent or null means none.';

const chosen = (which: string) => `${which} checkpoint; absent or null means the tf-idf baseline.`;

builder.queryField('compareCheckpoints', (t) =>
  t.field({
    type: [Comparison],
    description:
      'Compares two checkpoints on the data sets that both were evaluated on, by their newest evaluations of whole vectors. ' +
      'The tests take a second or two per data set.',
    args: {
      reference: t.arg({ type: CheckpointChoice, description: chosen('The reference: a') }),
      candidate: t.arg({ type: CheckpointChoice, description: chosen('The candidate: a') }),
      datasets: t.arg.idList({
        description: 'The data sets; absent or null means the suite, or else all that both were evaluated on.',
      }),
      suite: t.arg.id({ description: suiteSays }),
      split: t.arg({ type: Split, required: true, defaultValue: 'test', description: 'The split of the data sets.' }),
      pooled: t.arg.boolean({ required: true, defaultValue: false, description: pooledSays }),
      figure: t.arg({
        type: QueryFigure,
        required: true,
        defaultValue: 'ndcg_at_10',
        description: 'What retrieval is compared by. STS is compared by Spearman.',
      }),
    },
    resolve: async (_root, { reference, candidate, datasets, suite, ...rest }, { tandem, signal }) =>
      compareCheckpoints(
        tandem,
        {
          ...rest,
          referenceId: reference ? await checkpointIdOf(tandem, reference, 'reference') : null,
          candidateId: candidate ? await checkpointIdOf(tandem, candidate, 'candidate') : null,
          datasetIds: datasets?.map((id, i) => keyOf(id, 'Dataset', `datasets.${i}`).key) ?? null,
          suiteId: suite ? keyOf(suite, 'Suite', 'suite').key : null,
        },
        signal,
      ),
  }),
);
