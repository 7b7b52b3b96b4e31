/** What a checkpoint, or the baseline, has on a suite. */
import { overlapOf } from '../../services/checkpoints/overlap.ts';
import { asMtebResult } from '../../services/evaluations/evaluations.ts';
import type {
  DomainMeans,
  Figure,
  SuiteCell,
  SuiteResult as SuiteResultShape,
  TaskMean,
} from '../../services/suites/result.ts';
import { builder } from '../builder.ts';
import { Evaluator, Split, Task } from '../enums.ts';
import { loadIfThere, refs } from '../nouns.ts';
import { Overlap } from './overlap.ts';

const { Checkpoint, Dataset, Evaluation } = refs;

const SuiteFigure = builder.objectRef<Figure>('SuiteFigure').implement({
  description: 'A main figure of a suite, or a mean of such: nDCG@10 (IR), Spearman (STS).',
  fields: (t) => ({
    value: t.float({
      nullable: true,
      description: 'The value as a fraction of 1; null if it is undefined, or one of those that it is the mean of is.',
      resolve: (figure) => ('value' in figure ? figure.value : null),
    }),
    undefinedReason: t.string({
      nullable: true,
      description: 'Why the value is undefined; null if it is defined.',
      resolve: (figure) => ('undefined' in figure ? figure.undefined : null),
    }),
  }),
});

const SuiteTaskMean = builder.objectRef<TaskMean>('SuiteTaskMean').implement({
  description: 'The mean over the sets of one task.',
  fields: (t) => ({
    task: t.expose('task', { type: Task, description: 'The task of the sets.' }),
    figure: t.expose('figure', { type: SuiteFigure, description: 'The mean over the sets.' }),
    sets: t.exposeInt('sets', { description: 'The number of the sets.' }),
  }),
});

const SuiteDomainMeans = builder.objectRef<DomainMeans>('SuiteDomainMeans').implement({
  description: 'The means over the sets of one domain.',
  fields: (t) => ({
    domain: t.exposeString('domain', { description: 'What the texts of the sets are about.' }),
    tasks: t.field({
      type: [SuiteTaskMean],
      description: 'The mean of each task that the domain has, IR first.',
      resolve: ({ tasks }) => [...tasks],
    }),
    mean: t.expose('mean', { type: SuiteFigure, description: "The mean of the tasks' means." }),
  }),
});

const SuiteCellObject = builder.objectRef<SuiteCell>('SuiteCell').implement({
  description: 'The figure on one split of a suite.',
  fields: (t) => ({
    dataset: t.field({ type: Dataset, description: 'The data set.', resolve: ({ dataset }) => dataset.id }),
    split: t.expose('split', { type: Split, description: 'The split of the data set.' }),
    pooled: t.exposeBoolean('pooled', { description: 'Whether only a pooled corpus is searched.' }),
    task: t.field({ type: Task, description: 'The task of the data set.', resolve: ({ dataset }) => dataset.task }),
    domain: t.exposeString('domain', { nullable: true, description: 'What its texts are about; null if not said.' }),
    figure: t.expose('figure', { type: SuiteFigure, description: 'The main figure of the newest evaluation.' }),
    evaluation: t.field({
      type: Evaluation,
      nullable: true,
      description: 'The newest evaluation of whole vectors; null if there is none.',
      resolve: ({ evaluation }, _args, context) =>
        evaluation ? loadIfThere<'evaluations'>(context, 'Evaluation', evaluation.id) : null,
    }),
    overlap: t.field({
      type: Overlap,
      nullable: true,
      description: 'What the split shares with all that the checkpoint has learnt from; null for the baseline.',
      resolve: ({ dataset, split, trained }, _args, { tandem, signal }) =>
        trained && overlapOf(tandem, dataset, split, trained, signal),
    }),
  }),
});

export const SuiteResult = builder.objectRef<SuiteResultShape>('SuiteResult').implement({
  description: 'What a checkpoint, or the tf-idf baseline, has on the splits of a suite.',
  fields: (t) => ({
    evaluator: t.field({
      type: Evaluator,
      description: 'Whether a checkpoint or the baseline was evaluated.',
      resolve: ({ checkpointId }) => (checkpointId === null ? 'bag-of-words' : 'checkpoint'),
    }),
    checkpoint: t.field({
      type: Checkpoint,
      nullable: true,
      description: 'The checkpoint that was evaluated; null for the baseline.',
      resolve: ({ checkpointId }) => checkpointId,
    }),
    cells: t.field({
      type: [SuiteCellObject],
      description: 'The figure on each split, in the order of the suite.',
      resolve: ({ cells }) => [...cells],
    }),
    tasks: t.field({
      type: [SuiteTaskMean],
      description: 'The mean over the sets of each task, IR first.',
      resolve: ({ tasks }) => [...tasks],
    }),
    mean: t.expose('mean', {
      type: SuiteFigure,
      description: "The macro mean: the mean of the tasks' means, whatever the number of their sets.",
    }),
    domains: t.field({
      type: [SuiteDomainMeans],
      description: 'The means of each domain; sets whose domain is not said are in none.',
      resolve: ({ domains }) => [...domains],
    }),
    mtebResults: t.field({
      type: ['JSON'],
      description: "The evaluations that there are in the form of mteb's result files, in the order of the suite.",
      resolve: ({ cells }) =>
        cells.flatMap(({ evaluation, dataset }) => (evaluation ? [asMtebResult(evaluation, dataset)] : [])),
    }),
  }),
});
