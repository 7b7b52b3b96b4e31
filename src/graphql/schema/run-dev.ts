/** Evaluation of a run on dev sets while it trains: what is asked for, what takes effect, and the figures. */
import { z } from 'zod';
import type { DevEvaluationRow, RunDevSetRow } from '../../db/schema.ts';
import { devEvaluationList } from '../../services/runs/list.ts';
import * as runs from '../../services/runs/runs.ts';
import { type DevSettings, defaultDevSettings } from '../../train/catalog.ts';
import type { DevFigures } from '../../train/types.ts';
import { builder } from '../builder.ts';
import { RunCause, Split, Task } from '../enums.ts';
import { defineList } from '../lists/field.ts';
import { loadIfThere, refs } from '../nouns.ts';
import { requestLoader } from '../request-loader.ts';
import type { InputFields } from './common.ts';
import { Metric, metricsOf, pooledSays } from './evaluation.ts';

const { Checkpoint, Dataset, Run } = refs;

export const devSays = 'The evaluation on the dev sets of the run, and what follows from it.';

/** One description per setting, for both directions. */
const says = {
  everySteps:
    'The number of updates between evaluations besides those at checkpoints; null means only those. Only the best one between two checkpoints keeps a checkpoint.',
  patience:
    'The number of evaluations in a row, not above the best score by more than minDelta, after which the run ends as SUCCEEDED with the cause EARLY_STOPPED; null means that it never ends early. The learning rate is that of the planned number of updates.',
  minDelta: 'How far above the best score a score must be for patience to begin anew.',
  weights:
    'The weights of the joint score: weight of IR times the mean nDCG@10 of the IR dev sets, plus the same with Spearman for STS.',
} as const;

export const JointWeights = builder.objectRef<DevSettings['weights']>('JointWeights').implement({
  description: says.weights,
  fields: (t) => ({
    ir: t.exposeFloat('ir', { description: 'The weight of IR.' }),
    sts: t.exposeFloat('sts', { description: 'The weight of STS.' }),
  }),
});

export const DevSettingsObject = builder.objectRef<DevSettings>('DevSettings').implement({
  description: 'How a run is evaluated on its dev sets, and what follows from it.',
  fields: (t) => ({
    everySteps: t.exposeInt('everySteps', { nullable: true, description: says.everySteps }),
    patience: t.exposeInt('patience', { nullable: true, description: says.patience }),
    minDelta: t.exposeFloat('minDelta', { description: says.minDelta }),
    weights: t.expose('weights', { type: JointWeights, description: says.weights }),
  }),
});

export const JointWeightsInput = builder.inputType('JointWeightsInput', {
  description: says.weights,
  fields: (t) => {
    const share = z.number().min(0).max(1);
    return {
      ir: t.float({ required: true, description: 'The weight of IR, from 0 to 1.', validate: share }),
      sts: t.float({ required: true, description: 'The weight of STS, 1 minus that of IR.', validate: share }),
    };
  },
});

const DevSettingsInput = builder.inputType('DevSettingsInput', {
  description: 'How to evaluate a run on its dev sets, and what follows from it.',
  fields: (t) => {
    const count = z.number().int().min(1).max(100_000_000);
    return {
      everySteps: t.int({ description: says.everySteps, validate: count.nullish() }),
      patience: t.int({ description: says.patience, validate: count.nullish() }),
      minDelta: t.float({
        required: true,
        defaultValue: defaultDevSettings.minDelta,
        description: says.minDelta,
        validate: z.number().min(0).max(1),
      }),
      weights: t.field({
        type: JointWeightsInput,
        description: `${says.weights} Absent or null means 0.5 and 0.5 for a joint run, and 1 for the task of a run of one task.`,
      }),
    };
  },
});

/** The field of RunSettingsInput. */
export const devSettings = (t: InputFields) =>
  t.field({
    type: DevSettingsInput,
    description: `${devSays} Absent or null means the defaults where dev sets are named.`,
  });

export const DevSetInput = builder.inputType('DevSetInput', {
  description:
    'A split of a data set to choose by: what a run is evaluated on while it trains, or a search. No test split.',
  fields: (t) => ({
    dataset: t.id({ required: true, description: 'Id of a data set.' }),
    split: t.field({ type: Split, required: true, defaultValue: 'dev', description: 'The split of the data set.' }),
    pooled: t.boolean({ required: true, defaultValue: false, description: pooledSays }),
  }),
});

const DevSet = builder.objectRef<RunDevSetRow>('DevSet').implement({
  description: 'A split of a data set that a run is evaluated on while it trains.',
  fields: (t) => ({
    dataset: t.field({ type: Dataset, description: 'The data set.', resolve: (row) => row.datasetId }),
    split: t.expose('split', { type: Split, description: 'The split of the data set.' }),
    pooled: t.exposeBoolean('pooled', { description: pooledSays }),
  }),
});

export const DevSetFigures = builder.objectRef<DevFigures>('DevSetFigures').implement({
  description: 'All figures on one of the sets of a run or a search.',
  fields: (t) => ({
    dataset: t.exposeString('dataset', { description: 'The name of the data set.' }),
    split: t.expose('split', { type: Split, description: 'The split of the data set.' }),
    pooled: t.exposeBoolean('pooled', { description: pooledSays }),
    task: t.expose('task', { type: Task, description: 'The task of the data set.' }),
    main: t.field({
      type: Metric,
      description: 'The figure that counts: nDCG@10 (IR), Spearman (STS).',
      resolve: ({ main, metrics, undefinedReasons }) => ({
        name: main,
        value: metrics[main] ?? null,
        undefinedReason: undefinedReasons[main] ?? null,
      }),
    }),
    metrics: t.field({ type: [Metric], description: 'All figures of the evaluation.', resolve: metricsOf }),
    count: t.exposeInt('count', { description: 'The number of queries (IR) or pairs (STS) that count.' }),
    documents: t.exposeInt('documents', { description: 'The number of documents searched (IR); 0 for STS.' }),
  }),
});

const DevEvaluation = builder.objectRef<DevEvaluationRow>('DevEvaluation').implement({
  description: 'An evaluation of a run on its dev sets while it trained.',
  fields: (t) => ({
    step: t.exposeInt('step', { description: 'The number of updates made.' }),
    epoch: t.exposeInt('epoch', {
      description: 'The epoch in progress or just ended, counted from 1; 0 before the first update.',
    }),
    score: t.exposeFloat('score', { description: 'The joint score; higher is better.' }),
    sets: t.field({
      type: [DevSetFigures],
      description: 'The figures on each dev set.',
      resolve: ({ figures }) => [...figures],
    }),
    seconds: t.exposeFloat('seconds', { description: 'The time it took, in seconds.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made first.' }),
  }),
});

const devEvaluationsOf = defineList<DevEvaluationRow>(
  devEvaluationList,
  'DevEvaluation',
  DevEvaluation,
  builder.connectionObject({ type: DevEvaluation, name: 'RunDevEvaluationsConnection' }),
);

builder.objectField(Run, 'devEvaluations', (t) =>
  devEvaluationsOf.part(t, {
    edge: 'run',
    description: 'Its evaluations on the dev sets, by step unless another order is asked for.',
  }),
);

const devSetsOf = requestLoader(runs.devSetsOf);
const bestCheckpointOf = requestLoader(runs.bestCheckpointsOf);

builder.objectFields(Run, (t) => ({
  cause: t.expose('cause', {
    type: RunCause,
    nullable: true,
    description: 'Why the run SUCCEEDED before it had made all planned updates; null where it did not.',
  }),
  devSets: t.field({
    type: [DevSet],
    description: 'The splits that it is evaluated on while it trains, in the order in which they were given.',
    resolve: (row, _args, context) => devSetsOf(row.id, context),
  }),
  bestScore: t.exposeFloat('bestScore', {
    nullable: true,
    description: 'The highest joint score on the dev sets; null before the first evaluation.',
  }),
  bestStep: t.exposeInt('bestStep', {
    nullable: true,
    description: 'The step of the highest joint score, of equal ones the first; null before the first evaluation.',
  }),
  bestCheckpoint: t.field({
    type: Checkpoint,
    nullable: true,
    description:
      'The checkpoint with the highest joint score; null before the first evaluation, and once it was deleted.',
    resolve: async (row, _args, context) => {
      // It may be deleted in between, as those of a search are that lost.
      const id = await bestCheckpointOf(row, context);
      return id === null ? null : loadIfThere<'checkpoints'>(context, 'Checkpoint', id);
    },
  }),
}));
