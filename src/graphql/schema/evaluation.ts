/** Evaluations of checkpoints and of the baseline. */
import type { EvaluationRow } from '../../db/schema.ts';
import { evaluateBagOfWords, evaluateCheckpoint, madeBy } from '../../services/evaluations/evaluate.ts';
import * as evaluations from '../../services/evaluations/evaluations.ts';
import { evaluationList } from '../../services/evaluations/list.ts';
import { builder } from '../builder.ts';
import { Evaluator, Split, Task } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { defineList } from '../lists/field.ts';
import { lookup } from '../lists/lookup.ts';
import { longPayload, madeField, waitArg } from '../long.ts';
import { connections, loadRow, refs } from '../nouns.ts';
import { CheckpointChoice, checkpointIdOf, idempotencyKey } from './common.ts';

const { Checkpoint, Dataset, Evaluation, Model, Run } = refs;
const { Evaluation: EvaluationConnection } = connections;

export const pooledSays =
  'Whether only a pooled corpus is searched: the judged documents of the queries and the first 50 that tf-idf finds for each. Its figures are higher than those on all documents; never compare them.';

export const Metric = builder
  .objectRef<{ name: string; value: number | null; undefinedReason: string | null }>('Metric')
  .implement({
    description: 'One figure of an evaluation.',
    fields: (t) => ({
      name: t.exposeString('name', { description: 'The name of the figure, as in MTEB.' }),
      value: t.exposeFloat('value', {
        nullable: true,
        description: 'The value as a fraction of 1; null if it is undefined.',
      }),
      undefinedReason: t.exposeString('undefinedReason', {
        nullable: true,
        description: 'Why the value is undefined; null if it is defined.',
      }),
    }),
  });

export const metricsOf = (row: Pick<EvaluationRow, 'metrics' | 'undefinedReasons'>) =>
  Object.entries(row.metrics).map(([name, value]) => ({
    name,
    value,
    undefinedReason: row.undefinedReasons[name] ?? null,
  }));

Evaluation.implement({
  description: 'Figures of a checkpoint, or of the tf-idf baseline, on one split of a data set.',
  fields: (t) => ({
    evaluator: t.expose('evaluator', {
      type: Evaluator,
      description: 'Whether a checkpoint or the baseline was evaluated.',
    }),
    checkpoint: t.field({
      type: Checkpoint,
      nullable: true,
      description: 'The checkpoint that was evaluated; null for the baseline.',
      resolve: (row) => row.checkpointId,
    }),
    dataset: t.field({
      type: Dataset,
      description: 'The data set that was evaluated on.',
      resolve: (row) => row.datasetId,
    }),
    split: t.expose('split', { type: Split, description: 'The split that was evaluated on.' }),
    pooled: t.exposeBoolean('pooled', { description: pooledSays }),
    task: t.expose('task', { type: Task, description: 'The task of the data set.' }),
    main: t.field({
      type: Metric,
      description: 'The figure that counts most: nDCG@10 (IR), Spearman (STS).',
      resolve: (row) => ({
        name: row.main,
        value: row.metrics[row.main] ?? null,
        undefinedReason: row.undefinedReasons[row.main] ?? null,
      }),
    }),
    metrics: t.field({ type: [Metric], description: 'All figures of the evaluation.', resolve: metricsOf }),
    count: t.exposeInt('count', { description: 'The number of queries (IR) or pairs (STS) that count.' }),
    documents: t.exposeInt('documents', { description: 'The number of documents searched (IR); 0 for STS.' }),
    tokens: t.expose('tokens', { type: 'Int64', description: 'The number of tokens embedded.' }),
    seconds: t.exposeFloat('seconds', { description: 'The time it took, in seconds.' }),
    wordSegmenter: t.exposeString('wordSegmenter', {
      nullable: true,
      description:
        'What cut the words of scripts without spaces for the baseline, as "ICU 78.2": another version may give ' +
        'another figure. Null where nothing was cut so.',
    }),
    dimension: t.exposeInt('dimension', {
      nullable: true,
      description:
        'How many of the first components of the vectors were compared, normalised again; null for whole vectors.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the evaluation was made.' }),
    mtebResult: t.field({
      type: 'JSON',
      description:
        "The evaluation in the form of mteb's result files, which mteb.TaskResult reads. The task is the name of the " +
        'data set, with " (pooled)" on a pooled corpus; the revision is its digest.',
      resolve: async (row, _args, context) =>
        evaluations.asMtebResult(row, await loadRow<'datasets'>(context, 'Dataset', row.datasetId)),
    }),
  }),
});

const evaluationsOf = defineList<EvaluationRow>(evaluationList, 'Evaluation', Evaluation, EvaluationConnection, {
  enums: { evaluator: Evaluator, split: Split, task: Task },
});

builder.queryFields((t) => ({
  evaluations: evaluationsOf.whole(t, 'The evaluations, newest first.'),
  evaluation: lookup(t, 'Evaluation', 'an evaluation'),
}));

builder.objectField(Run, 'evaluations', (t) =>
  evaluationsOf.part(t, { edge: 'run', description: 'The evaluations of the checkpoints of the run, newest first.' }),
);
builder.objectField(Model, 'evaluations', (t) =>
  evaluationsOf.part(t, {
    edge: 'model',
    description: 'The evaluations of the checkpoints that descend from the model, newest first.',
  }),
);
builder.objectField(Dataset, 'evaluations', (t) =>
  evaluationsOf.part(t, { edge: 'dataset', description: 'The evaluations on the data set, newest first.' }),
);

const EvaluateCheckpointInput = builder.inputType('EvaluateCheckpointInput', {
  description: 'The checkpoint to evaluate, and the data sets and the split to evaluate it on.',
  fields: (t) => ({
    checkpoint: t.field({ type: CheckpointChoice, required: true, description: 'The checkpoint to evaluate.' }),
    datasets: t.idList({ required: true, description: 'The ids of the data sets.' }),
    split: t.field({ type: Split, required: true, defaultValue: 'test', description: 'The split to evaluate on.' }),
    pooled: t.boolean({ required: true, defaultValue: false, description: pooledSays }),
    dimensions: t.intList({
      description:
        'Evaluates the first components of the vectors, normalised again, in these numbers; absent or null means whole vectors.',
    }),
    geometry: t.boolean({
      required: true,
      defaultValue: false,
      description: 'Whether the geometry of the vectors is measured, too; not together with dimensions.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});

const EvaluateBagOfWordsInput = builder.inputType('EvaluateBagOfWordsInput', {
  description: 'The data sets and the split to evaluate the baseline on.',
  fields: (t) => ({
    datasets: t.idList({ required: true, description: 'The ids of the data sets.' }),
    split: t.field({ type: Split, required: true, defaultValue: 'test', description: 'The split to evaluate on.' }),
    pooled: t.boolean({ required: true, defaultValue: false, description: pooledSays }),
    idempotencyKey: idempotencyKey(t),
  }),
});

const EvaluatePayload = longPayload('EvaluatePayload', 'evaluate', {
  description: 'The evaluations that were made.',
  made: (done) => ({ evaluations: done.flatMap(madeBy) }),
  fields: (t) => ({
    evaluations: t.expose('evaluations', {
      type: [Evaluation],
      ...madeField('One evaluation per data set and dimension, in the order of the ids and of the dimensions.'),
    }),
  }),
});

const datasetKeys = (ids: readonly string[]) => ids.map((id, i) => keyOf(id, 'Dataset', `input.datasets.${i}`).key);
builder.mutationFields((t) => ({
  evaluateCheckpoint: t.field({
    type: EvaluatePayload.ref,
    description:
      'Evaluates a checkpoint, a job for each data set, one after the other, and waits for the figures; the jobs report the progress meanwhile. Where `wait` is false up to four of them are at work at the same time, so that each takes more seconds.',
    args: {
      input: t.arg({
        type: EvaluateCheckpointInput,
        required: true,
        description: 'The checkpoint, the data sets and the split.',
      }),
      wait: waitArg(t.arg),
    },
    resolve: async (_root, { input, wait }, { tandem }) => {
      const checkpointId = await checkpointIdOf(tandem, input.checkpoint, 'input.checkpoint');
      const request = { ...input, checkpointId, datasetIds: datasetKeys(input.datasets) };
      return EvaluatePayload.answer(tandem, wait, await evaluateCheckpoint(tandem, request));
    },
  }),
  evaluateBagOfWords: t.field({
    type: EvaluatePayload.ref,
    description: 'Evaluates the tf-idf baseline, which needs no model, and waits for the figures.',
    args: {
      input: t.arg({
        type: EvaluateBagOfWordsInput,
        required: true,
        description: 'The data set and the split to evaluate on.',
      }),
      wait: waitArg(t.arg),
    },
    resolve: async (_root, { input, wait }, { tandem }) => {
      const request = { ...input, datasetIds: datasetKeys(input.datasets) };
      return EvaluatePayload.answer(tandem, wait, await evaluateBagOfWords(tandem, request));
    },
  }),
}));
