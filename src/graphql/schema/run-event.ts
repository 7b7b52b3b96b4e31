/** What a run tells on the way, and the subscription that follows it. */

import type { RunEventData } from '../../db/schema/types.ts';
import type { JobStreamItem } from '../../services/runs/runs.ts';
import * as runs from '../../services/runs/runs.ts';
import type { StepBatch } from '../../train/types.ts';
import { builder } from '../builder.ts';
import { CheckpointReason, RunState, Task } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { loadIfThere, refs } from '../nouns.ts';
import { Failure, shownReason } from './failure.ts';
import { Device } from './system.ts';

const { Checkpoint, Run } = refs;

type Kept = Exclude<JobStreamItem, { readonly type: 'heartbeat' }>;
/** A kept event whose data are of this type. */
export type DataOf<Type extends RunEventData['type']> = Kept & {
  readonly data: Extract<RunEventData, { readonly type: Type }>;
};

export const RunEvent = builder.interfaceRef<JobStreamItem>('RunEvent').implement({
  description: 'An event of a run. The seq of kept events counts from 1 without gaps, over all attempts.',
  resolveType: (item) => typeNameOf(item),
  fields: (t) => ({
    seq: t.field({
      type: 'Int64',
      description: 'The sequence number of the event; given as `after`, the events that follow it are returned.',
      resolve: (item) => item.seq,
    }),
    at: t.field({ type: 'DateTime', description: 'When the event was recorded.', resolve: (item) => item.createdAt }),
    run: t.field({ type: Run, description: 'The run that the event belongs to.', resolve: (item) => item.jobId }),
  }),
});

function typeNameOf(item: JobStreamItem): string {
  if (item.type === 'heartbeat') return 'RunHeartbeat';
  const data = (item as Kept).data as RunEventData;
  if (data.type === 'state') return runs.isTerminal(data.state) ? 'RunEnded' : 'RunStateChanged';
  return {
    preparing: 'RunPreparing',
    started: 'RunStarted',
    step: 'RunStep',
    checkpoint: 'RunCheckpoint',
    evaluation: 'RunEvaluation',
    warning: 'RunWarning',
  }[data.type];
}

builder.objectRef<DataOf<'state'>>('RunStateChanged').implement({
  description: 'The run was queued, began to run, or was interrupted. More events may follow.',
  interfaces: [RunEvent],
  fields: (t) => ({
    state: t.field({
      type: RunState,
      description: 'The new state: QUEUED, RUNNING or INTERRUPTED.',
      resolve: ({ data }) => data.state,
    }),
    cause: t.string({
      nullable: true,
      description: 'Why the run was interrupted, in words; null for QUEUED and RUNNING.',
      resolve: ({ data }) => shownReason(data),
    }),
    attempt: t.exposeInt('attempt', { description: 'The number of the attempt; 0 before the first.' }),
  }),
});

builder.objectRef<DataOf<'state'>>('RunEnded').implement({
  description: 'The run ended: the terminal event. The stream closes after it.',
  interfaces: [RunEvent],
  fields: (t) => ({
    state: t.field({
      type: RunState,
      description: 'The final state: SUCCEEDED, FAILED or CANCELLED.',
      resolve: ({ data }) => data.state,
    }),
    cause: t.string({
      nullable: true,
      description:
        'Why the run FAILED or was CANCELLED, in words (`cancelled` on request); EARLY_STOPPED for a run that SUCCEEDED because its dev score did not rise; else null for SUCCEEDED.',
      resolve: ({ data }) => shownReason(data),
    }),
    error: t.field({
      type: Failure,
      nullable: true,
      description: 'The error of a FAILED run; null for SUCCEEDED and CANCELLED.',
      resolve: ({ data }) => data.error ?? null,
    }),
    attempt: t.exposeInt('attempt', { description: 'The number of the attempt; 0 before the first.' }),
  }),
});

builder.objectRef<DataOf<'preparing'>>('RunPreparing').implement({
  description: 'Progress of the work before the first update, for example of tokenising a data set.',
  interfaces: [RunEvent],
  fields: (t) => ({
    stage: t.string({ description: 'The stage that the run is in.', resolve: ({ data }) => data.stage }),
    done: t.field({
      type: 'Int64',
      description: 'The amount that is done, in the unit of the stage.',
      resolve: ({ data }) => data.done,
    }),
    total: t.field({
      type: 'Int64',
      description: 'The whole amount, in the unit of the stage.',
      resolve: ({ data }) => data.total,
    }),
  }),
});

const DatasetBatches = builder.objectRef<{ dataset: string; batches: number }>('DatasetBatches').implement({
  description: 'The number of batches that come from a data set.',
  fields: (t) => ({
    dataset: t.exposeString('dataset', { description: 'The name of the data set.' }),
    batches: t.exposeInt('batches', { description: 'The number of batches from this data set.' }),
  }),
});

builder.objectRef<DataOf<'started'>>('RunStarted').implement({
  description: 'Training begins, or continues in another attempt.',
  interfaces: [RunEvent],
  fields: (t) => ({
    adapter: t.field({ type: Device, description: 'The device that computes.', resolve: ({ data }) => data.adapter }),
    steps: t.int({ description: 'The number of planned updates.', resolve: ({ data }) => data.steps }),
    epochs: t.int({ description: 'The number of planned epochs.', resolve: ({ data }) => data.epochs }),
    batches: t.field({
      type: [DatasetBatches],
      description: 'The number of batches of each data set.',
      resolve: ({ data }) => Object.entries(data.batches).map(([dataset, batches]) => ({ dataset, batches })),
    }),
    parameters: t.field({
      type: 'Int64',
      description: 'The number of weights.',
      resolve: ({ data }) => data.parameters,
    }),
    memoryBytes: t.field({
      type: 'Int64',
      description: 'An upper estimate of the device memory in bytes.',
      resolve: ({ data }) => data.memoryBytes,
    }),
    attempt: t.exposeInt('attempt', { description: 'The number of the attempt.' }),
  }),
});

const LossComponent = builder.objectRef<{ name: string; value: number }>('LossComponent').implement({
  description: 'The value of one loss term in an update.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the loss in the catalog.' }),
    value: t.exposeFloat('value', { description: 'The value of the loss, not multiplied by its weight.' }),
  }),
});

const componentsOf = (components: Readonly<Record<string, number>>) =>
  Object.entries(components).map(([name, value]) => ({ name, value }));

const RunStepBatch = builder.objectRef<StepBatch>('RunStepBatch').implement({
  description: 'One of the batches whose mean loss an update lowers.',
  fields: (t) => ({
    task: t.expose('task', { type: Task, description: 'The task of the batch.' }),
    dataset: t.exposeString('dataset', { description: 'The name of the data set of the batch.' }),
    loss: t.exposeFloat('loss', { description: 'The weighted sum of the loss terms of the batch.' }),
    components: t.field({
      type: [LossComponent],
      description: 'The values of the loss terms.',
      resolve: ({ components }) => componentsOf(components),
    }),
    tokens: t.expose('tokens', { type: 'Int64', description: 'The number of tokens of the batch.' }),
  }),
});

builder.objectRef<DataOf<'step'>>('RunStep').implement({
  description: 'An update of the weights was made.',
  interfaces: [RunEvent],
  fields: (t) => ({
    step: t.int({ description: 'The number of the update, counted from 1.', resolve: ({ data }) => data.step }),
    steps: t.int({ description: 'The number of planned updates.', resolve: ({ data }) => data.steps }),
    epoch: t.int({
      description: 'The epoch that the update belongs to, counted from 1.',
      resolve: ({ data }) => data.epoch,
    }),
    task: t.field({
      type: Task,
      nullable: true,
      description: 'The task of its batches; null where they are of both.',
      resolve: ({ data }) => data.task,
    }),
    dataset: t.string({
      nullable: true,
      description: 'The name of the data set of its batches; null where they come from several.',
      resolve: ({ data }) => data.dataset,
    }),
    loss: t.float({
      description: 'The weighted sum of its loss terms, the mean over its batches.',
      resolve: ({ data }) => data.loss,
    }),
    components: t.field({
      type: [LossComponent],
      description: 'The values of the loss terms, each the mean over the batches that have the term.',
      resolve: ({ data }) => componentsOf(data.components),
    }),
    batches: t.field({
      type: [RunStepBatch],
      description: 'Its batches: one, or with the sampler MIXED as many as shardsPerUpdate.',
      resolve: ({ data }) => [...(data.batches ?? [data])],
    }),
    learningRate: t.float({
      description: 'The learning rate of the update.',
      resolve: ({ data }) => data.learningRate,
    }),
    gradientNorm: t.float({
      description: 'The global norm of the gradients before clipping.',
      resolve: ({ data }) => data.gradientNorm,
    }),
    tokens: t.field({
      type: 'Int64',
      description: 'The number of tokens of its batches.',
      resolve: ({ data }) => data.tokens,
    }),
    tokensPerSecond: t.float({
      description: 'Tokens per second over the last 20 updates of the attempt.',
      resolve: ({ data }) => data.tokensPerSecond,
    }),
    secondsLeft: t.float({
      description: 'The estimated time left in seconds.',
      resolve: ({ data }) => data.secondsLeft,
    }),
  }),
});

builder.objectRef<DataOf<'checkpoint'>>('RunCheckpoint').implement({
  description: 'A checkpoint was written.',
  interfaces: [RunEvent],
  fields: (t) => ({
    checkpoint: t.field({
      type: Checkpoint,
      nullable: true,
      description: 'The checkpoint; null once it has been deleted.',
      resolve: ({ data }, _args, context) => loadIfThere<'checkpoints'>(context, 'Checkpoint', data.checkpointId),
    }),
    reason: t.field({
      type: CheckpointReason,
      description: 'The reason why the checkpoint was written.',
      resolve: ({ data }) => data.reason,
    }),
    step: t.int({ description: 'The number of updates made.', resolve: ({ data }) => data.step }),
    epoch: t.int({
      description: 'The epoch in progress or just ended, counted from 1; 0 before the first update.',
      resolve: ({ data }) => data.epoch,
    }),
    bytes: t.field({
      type: 'Int64',
      description: 'The size of the checkpoint in bytes.',
      resolve: ({ data }) => data.bytes,
    }),
  }),
});

builder.objectRef<DataOf<'warning'>>('RunWarning').implement({
  description: 'A warning; the run continues.',
  interfaces: [RunEvent],
  fields: (t) => ({
    step: t.int({ description: 'The number of updates made.', resolve: ({ data }) => data.step }),
    message: t.string({ description: 'The warning as a sentence.', resolve: ({ data }) => data.message }),
  }),
});

builder.objectRef<JobStreamItem>('RunHeartbeat').implement({
  description:
    'Sent while nothing happens, to show that the connection is alive. It is not kept; its seq is that of the last event.',
  interfaces: [RunEvent],
});

builder.subscriptionField('runEvents', (t) =>
  t.field({
    type: RunEvent,
    description:
      'Replays the kept events with a seq above `after`, then follows the run. Ends after RunEnded. An interrupted run sends heartbeats until it is resumed.',
    args: {
      runId: t.arg.id({ required: true, description: 'Id of a run.' }),
      after: t.arg({
        type: 'Int64',
        required: true,
        defaultValue: 0,
        description: 'The seq of the last event that was seen; 0 begins with the first event.',
      }),
    },
    subscribe: (_root, { runId, after }, { tandem, signal }) =>
      runs.follow(tandem, keyOf(runId, 'Run', 'runId').key, after, signal),
    resolve: (item) => item,
  }),
);
