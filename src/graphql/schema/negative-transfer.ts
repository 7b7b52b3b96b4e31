/** negativeTransfer: joint training beside training on one task and in two stages. */
import {
  negativeTransfer,
  type TrainingRole as Role,
  type TransferRow as Row,
  type Transfer as TransferFigures,
} from '../../services/evaluations/transfer.ts';
import { builder } from '../builder.ts';
import { namedEnum, Split, Task } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { refs } from '../nouns.ts';
import { pooledSays } from './evaluation.ts';
import { suiteSays, Verdict } from './evaluation-comparison.ts';

const { Dataset } = refs;

const TrainingRole = namedEnum<Role>('TrainingRole', 'What a model was trained on, and in which order.', {
  'ir-only': 'On data of IR alone.',
  'sts-only': 'On data of STS alone.',
  'ir-then-sts': 'In two stages, on IR first.',
  'sts-then-ir': 'In two stages, on STS first.',
});

const TransferScope = namedEnum<Row['over']>('TransferScope', 'What a row of a report is a mean over.', {
  dataset: 'One data set.',
  domain: 'The data sets of one domain and task.',
  task: 'The data sets of one task.',
});

const Transfer = builder.objectRef<TransferFigures>('Transfer').implement({
  description: 'The joint models minus those of a role.',
  fields: (t) => ({
    role: t.expose('role', { type: TrainingRole, description: 'The role of these models.' }),
    value: t.exposeFloat('value', {
      nullable: true,
      description: "Mean of the role's main figures; null where one is undefined.",
    }),
    difference: t.exposeFloat('difference', {
      nullable: true,
      description: 'Mean of the differences: below 0 the joint models are worse. Null where a figure is undefined.',
    }),
    low: t.exposeFloat('low', {
      nullable: true,
      description:
        "Lower end of the 95 % interval: Student's t over the seeds; of one seed, the bootstrap over the units of a data set, and null over several.",
    }),
    high: t.exposeFloat('high', { nullable: true, description: 'Upper end of the interval; null where low is.' }),
    p: t.exposeFloat('p', {
      nullable: true,
      description: 'Of one seed on one data set, the p of a randomisation test; null otherwise.',
    }),
    verdict: t.expose('verdict', { type: Verdict, description: 'What the interval says of the joint models.' }),
    unseen: t.boolean({
      description: 'Whether the splits share nothing with what the models of the role have learnt from (see Overlap).',
      resolve: (transfer) => transfer.unseen(),
    }),
  }),
});

const TransferRow = builder.objectRef<Row>('TransferRow').implement({
  description: 'Joint models beside those of other roles, on a data set or over several.',
  fields: (t) => ({
    over: t.expose('over', { type: TransferScope, description: 'What the row is a mean over.' }),
    name: t.exposeString('name', { nullable: true, description: 'Name of the data set or domain; null for a task.' }),
    dataset: t.field({
      type: Dataset,
      nullable: true,
      description: 'The data set; null over several.',
      resolve: ({ datasetId }) => datasetId,
    }),
    split: t.expose('split', { type: Split, nullable: true, description: 'Its split; null over several.' }),
    task: t.expose('task', { type: Task, description: 'The task of the data sets.' }),
    datasets: t.exposeInt('datasets', { description: 'The number of data sets.' }),
    seeds: t.exposeInt('seeds', { description: 'The number of checkpoints of each role.' }),
    joint: t.exposeFloat('joint', {
      nullable: true,
      description: "Mean of the joint models' main figures; null where one is undefined.",
    }),
    unseen: t.boolean({
      description: 'Whether the splits share nothing with what the joint models have learnt from (see Overlap).',
      resolve: (row) => row.unseen(),
    }),
    transfers: t.expose('transfers', { type: [Transfer], description: 'One per role, in the order given.' }),
  }),
});

const RoleInput = builder.inputType('TrainingRoleInput', {
  description: 'The checkpoints of one role.',
  fields: (t) => ({
    role: t.field({ type: TrainingRole, required: true, description: 'What they were trained on.' }),
    checkpoints: t.idList({ required: true, description: 'Ids of checkpoints, one per seed in the order of joint.' }),
  }),
});

const keysOf = (ids: readonly string[], field: string, type: 'Checkpoint' | 'Dataset') =>
  ids.map((id, i) => keyOf(id, type, `${field}.${i}`).key);

builder.queryField('negativeTransfer', (t) =>
  t.field({
    type: [TransferRow],
    description:
      'What training on both tasks at once costs or gains beside training on one task and in two stages, by the newest ' +
      'evaluations: a row per data set, per domain and per task.',
    args: {
      joint: t.arg.idList({ required: true, description: 'Ids of jointly trained checkpoints, one per seed.' }),
      others: t.arg({ type: [RoleInput], required: true, description: 'The checkpoints of the other roles.' }),
      datasets: t.arg.idList({
        description: 'Ids of data sets that all were evaluated on; absent or null where a suite is given.',
      }),
      suite: t.arg.id({ description: suiteSays }),
      split: t.arg({ type: Split, required: true, defaultValue: 'test', description: 'The split of the data sets.' }),
      pooled: t.arg.boolean({ required: true, defaultValue: false, description: pooledSays }),
    },
    resolve: (_root, { joint, others, datasets, suite, ...rest }, { tandem, signal }) =>
      negativeTransfer(
        tandem,
        {
          ...rest,
          jointIds: keysOf(joint, 'joint', 'Checkpoint'),
          others: others.map(({ role, checkpoints }, i) => ({
            role,
            checkpointIds: keysOf(checkpoints, `others.${i}.checkpoints`, 'Checkpoint'),
          })),
          datasetIds: datasets ? keysOf(datasets, 'datasets', 'Dataset') : null,
          suiteId: suite ? keyOf(suite, 'Suite', 'suite').key : null,
        },
        signal,
      ),
  }),
);
