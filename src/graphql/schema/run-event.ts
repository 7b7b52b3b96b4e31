/** What a run tells on the way, and the subscription that follows it. */

import type { RunStreamItem } from '../../services/runs/runs.ts';
import * as runs from '../../services/runs/runs.ts';
import { builder } from '../builder.ts';
import { CheckpointReason, RunState, Task } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { refs } from '../nouns.ts';
import { Failure } from './failure.ts';
import { Device } from './system.ts';

const { Checkpoint, Run } = refs;

type Kept = Exclude<RunStreamItem, { readonly type: 'heartbeat' }>;
type DataOf<Type extends Kept['data']['type']> = Kept & {
  readonly data: Extract<Kept['data'], { readonly type: Type }>;
};

export const RunEvent = builder.interfaceRef<RunStreamItem>('RunEvent').implement({
  description: 'Something a run tells. Kept events count from 1 without gaps, over all attempts.',
  resolveType: (item) => typeNameOf(item),
  fields: (t) => ({
    seq: t.field({
      type: 'Int64',
      description: 'Its number; give it as `after` to go on behind it.',
      resolve: (item) => item.seq,
    }),
    at: t.field({ type: 'DateTime', description: 'When the event was recorded.', resolve: (item) => item.createdAt }),
    run: t.field({ type: Run, description: 'The run that the event belongs to.', resolve: (item) => item.runId }),
  }),
});

function typeNameOf(item: RunStreamItem): string {
  if (item.type === 'heartbeat') return 'RunHeartbeat';
  const { data } = item as Kept;
  if (data.type === 'state') return runs.isTerminal(data.state) ? 'RunEnded' : 'RunStateChanged';
  return {
    preparing: 'RunPreparing',
    started: 'RunStarted',
    step: 'RunStep',
    checkpoint: 'RunCheckpoint',
    warning: 'RunWarning',
  }[data.type];
}

builder.objectRef<DataOf<'state'>>('RunStateChanged').implement({
  description: 'The run was queued, began, or was interrupted. More follows.',
  interfaces: [RunEvent],
  fields: (t) => ({
    state: t.field({ type: RunState, description: 'Where it stands now.', resolve: ({ data }) => data.state }),
    cause: t.string({
      nullable: true,
      description: 'The cause as a sentence; null if the change of state needs none.',
      resolve: ({ data }) => data.reason ?? null,
    }),
    attempt: t.exposeInt('attempt', { description: 'Number of the attempt.' }),
  }),
});

builder.objectRef<DataOf<'state'>>('RunEnded').implement({
  description: 'The run ended: the terminal event. The stream closes after it.',
  interfaces: [RunEvent],
  fields: (t) => ({
    state: t.field({
      type: RunState,
      description: 'SUCCEEDED, FAILED or CANCELLED.',
      resolve: ({ data }) => data.state,
    }),
    cause: t.string({
      nullable: true,
      description: 'The cause as a sentence; null if the change of state needs none.',
      resolve: ({ data }) => data.reason ?? null,
    }),
    error: t.field({
      type: Failure,
      nullable: true,
      description: 'Why it failed.',
      resolve: ({ data }) => data.error ?? null,
    }),
    attempt: t.exposeInt('attempt', { description: 'Number of the attempt.' }),
  }),
});

builder.objectRef<DataOf<'preparing'>>('RunPreparing').implement({
  description: 'What is done before the first update, for example tokenising a data set.',
  interfaces: [RunEvent],
  fields: (t) => ({
    stage: t.string({ description: 'The stage that the run is in.', resolve: ({ data }) => data.stage }),
    done: t.field({ type: 'Int64', description: 'How much is done.', resolve: ({ data }) => data.done }),
    total: t.field({ type: 'Int64', description: 'How much there is.', resolve: ({ data }) => data.total }),
  }),
});

const DatasetBatches = builder.objectRef<{ dataset: string; batches: number }>('DatasetBatches').implement({
  description: 'How many batches come from a data set.',
  fields: (t) => ({
    dataset: t.exposeString('dataset', { description: 'Name of the data set.' }),
    batches: t.exposeInt('batches', { description: 'The number of batches from this data set.' }),
  }),
});

builder.objectRef<DataOf<'started'>>('RunStarted').implement({
  description: 'Training begins, or goes on in another attempt.',
  interfaces: [RunEvent],
  fields: (t) => ({
    adapter: t.field({ type: Device, description: 'Device that computes.', resolve: ({ data }) => data.adapter }),
    steps: t.int({ description: 'The number of planned updates.', resolve: ({ data }) => data.steps }),
    epochs: t.int({ description: 'The number of planned epochs.', resolve: ({ data }) => data.epochs }),
    batches: t.field({
      type: [DatasetBatches],
      description: 'Batches by data set.',
      resolve: ({ data }) => Object.entries(data.batches).map(([dataset, batches]) => ({ dataset, batches })),
    }),
    parameters: t.field({ type: 'Int64', description: 'Number of weights.', resolve: ({ data }) => data.parameters }),
    memoryBytes: t.field({
      type: 'Int64',
      description: 'Device memory it takes.',
      resolve: ({ data }) => data.memoryBytes,
    }),
    attempt: t.exposeInt('attempt', { description: 'Number of the attempt.' }),
  }),
});

const LossComponent = builder.objectRef<{ name: string; value: number }>('LossComponent').implement({
  description: 'One loss term of an update.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Name of the loss, as in the catalog.' }),
    value: t.exposeFloat('value', { description: 'Its value without its weight.' }),
  }),
});

builder.objectRef<DataOf<'step'>>('RunStep').implement({
  description: 'One update was made.',
  interfaces: [RunEvent],
  fields: (t) => ({
    step: t.int({ description: 'Its number, from 1.', resolve: ({ data }) => data.step }),
    steps: t.int({ description: 'The number of planned updates.', resolve: ({ data }) => data.steps }),
    epoch: t.int({ description: 'The epoch it belongs to.', resolve: ({ data }) => data.epoch }),
    task: t.field({ type: Task, description: 'Task of its batch.', resolve: ({ data }) => data.task }),
    dataset: t.string({ description: 'Name of the data set of its batch.', resolve: ({ data }) => data.dataset }),
    loss: t.float({ description: 'Weighted sum of its loss terms.', resolve: ({ data }) => data.loss }),
    components: t.field({
      type: [LossComponent],
      description: 'The values of the loss terms.',
      resolve: ({ data }) => Object.entries(data.components).map(([name, value]) => ({ name, value })),
    }),
    learningRate: t.float({ description: 'Learning rate used.', resolve: ({ data }) => data.learningRate }),
    gradientNorm: t.float({
      description: 'Global norm of the gradients before clipping.',
      resolve: ({ data }) => data.gradientNorm,
    }),
    tokens: t.field({ type: 'Int64', description: 'Tokens of its batch.', resolve: ({ data }) => data.tokens }),
    tokensPerSecond: t.float({
      description: 'The speed of training in tokens per second.',
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
      description: 'The checkpoint; null = deleted since.',
      resolve: ({ data }, _args, { tandem }) => runs.checkpointOfEvent(tandem, data.checkpointId),
    }),
    reason: t.field({
      type: CheckpointReason,
      description: 'The reason why the checkpoint was written.',
      resolve: ({ data }) => data.reason,
    }),
    step: t.int({ description: 'The number of updates made.', resolve: ({ data }) => data.step }),
    epoch: t.int({ description: 'The number of finished epochs.', resolve: ({ data }) => data.epoch }),
    bytes: t.field({
      type: 'Int64',
      description: 'The size of the checkpoint in bytes.',
      resolve: ({ data }) => data.bytes,
    }),
  }),
});

builder.objectRef<DataOf<'warning'>>('RunWarning').implement({
  description: 'Something worth knowing; the run goes on.',
  interfaces: [RunEvent],
  fields: (t) => ({
    step: t.int({ description: 'The number of updates made.', resolve: ({ data }) => data.step }),
    message: t.string({ description: 'A sentence that says what to know.', resolve: ({ data }) => data.message }),
  }),
});

builder.objectRef<RunStreamItem>('RunHeartbeat').implement({
  description: 'Nothing new, the connection lives. Not kept; its seq is that of the last event sent.',
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
        description: 'The last seq that was seen; 0 = from the start.',
      }),
    },
    subscribe: (_root, { runId, after }, { tandem, signal }) =>
      runs.follow(tandem, keyOf(runId, 'Run', 'runId').key, after, signal),
    resolve: (item) => item,
  }),
);
