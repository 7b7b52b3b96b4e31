/** Training runs: their state, events and life cycle. */
import { z } from 'zod';
import type { RunAttemptRow, RunDatasetRow } from '../../db/schema.ts';
import * as runs from '../../services/runs/runs.ts';
import { cancelRun, resumeRun, startRun } from '../../services/runs/start-run.ts';
import { builder } from '../builder.ts';
import { connect } from '../connection.ts';
import { OrderDirection, RunState } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { connections, refs } from '../nouns.ts';
import { deletedPayload } from './common.ts';
import { Failure } from './failure.ts';
import { RunEvent } from './run-event.ts';
import { runRequest, StartRunInput } from './run-plan.ts';
import { RunSettingsObject } from './run-settings.ts';
import { Device } from './system.ts';

const { Dataset, Model, Run } = refs;
const { Run: RunConnection } = connections;

const RunDataset = builder.objectRef<RunDatasetRow>('RunDataset').implement({
  description: 'A data set that a run trains on.',
  fields: (t) => ({
    dataset: t.field({ type: Dataset, description: 'The data set.', resolve: (row) => row.datasetId }),
    weight: t.exposeFloat('weight', { description: 'Multiplies its number of batches in an epoch.' }),
  }),
});

const RunAttempt = builder.objectRef<RunAttemptRow>('RunAttempt').implement({
  description: 'One try of a process at a run; a resume is a new one.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'Counts from 1.' }),
    outcome: t.expose('outcome', { type: RunState, nullable: true, description: 'How it ended; null = it works.' }),
    host: t.exposeString('host', { description: 'Host that worked on it.' }),
    adapter: t.expose('adapter', {
      type: Device,
      nullable: true,
      description: 'The device that computed; null until it is known.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it began.' }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null while it has not ended.',
    }),
  }),
});

Run.implement({
  description: 'A training run.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the run.' }),
    state: t.expose('state', { type: RunState, description: 'The state of the run.' }),
    model: t.field({ type: Model, description: 'What it trains: theta_0.', resolve: (row) => row.modelId }),
    datasets: t.field({
      type: [RunDataset],
      description: 'What it trains on, in order.',
      resolve: (row, _args, { tandem }) => runs.datasetsOf(tandem, row.id),
    }),
    settings: t.expose('settings', { type: RunSettingsObject, description: 'What decides what it computes.' }),
    step: t.exposeInt('step', { description: 'The number of updates made.' }),
    steps: t.exposeInt('steps', { nullable: true, description: 'Updates planned; null = not started yet.' }),
    epoch: t.exposeInt('epoch', { description: 'The number of finished epochs.' }),
    loss: t.exposeFloat('loss', {
      nullable: true,
      description: 'The loss of the last update; null before the first update.',
    }),
    tokensPerSecond: t.exposeFloat('tokensPerSecond', {
      nullable: true,
      description: 'The speed of training in tokens per second; null before the first update.',
    }),
    secondsLeft: t.exposeFloat('secondsLeft', {
      nullable: true,
      description: 'The estimated time left in seconds; null if not known.',
    }),
    parameters: t.expose('parameters', { type: 'Int64', nullable: true, description: 'Number of weights.' }),
    memoryBytes: t.expose('memoryBytes', {
      type: 'Int64',
      nullable: true,
      description: 'The device memory that the run takes in bytes; null until it has started.',
    }),
    adapter: t.expose('adapter', {
      type: Device,
      nullable: true,
      description: 'The device of the last attempt; null if none has started.',
    }),
    attempt: t.exposeInt('attempt', { description: 'Number of the last attempt; 0 = none yet.' }),
    attempts: t.field({
      type: [RunAttempt],
      description: 'All attempts at the run, oldest first.',
      resolve: (row, _args, { tandem }) => runs.attemptsOf(tandem, row.id),
    }),
    lastSeq: t.expose('lastSeq', { type: 'Int64', description: 'Sequence number of its last event.' }),
    error: t.expose('error', {
      type: Failure,
      nullable: true,
      description: 'The error that ended the run; null if it did not fail.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the run was requested.' }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the run first started; null if it has not started.',
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null while it has not ended.',
    }),
    events: t.field({
      type: [RunEvent],
      description: 'Its kept events, at most one page of them.',
      args: {
        after: t.arg({ type: 'Int64', required: true, defaultValue: 0, description: 'Only those with a larger seq.' }),
        first: t.arg.int({
          required: true,
          defaultValue: 1000,
          description: 'At most so many.',
          validate: z.number().int().min(1),
        }),
      },
      resolve: (row, { after, first }, { tandem }) => runs.eventsOf(tandem, row.id, { after, first }),
    }),
  }),
});

const RunFilter = builder.inputType('RunFilter', {
  description: 'Conditions that a run must meet; absent fields do not restrict.',
  fields: (t) => ({
    name: t.string({ description: 'Only runs with exactly this name; absent or null means any name.' }),
    state: t.field({ type: RunState, description: 'Only runs in this state; absent or null means any state.' }),
    model: t.id({ description: 'Only runs that train this model; absent or null means any model.' }),
  }),
});

const RunOrderField = builder.enumType('RunOrderField', {
  description: 'What runs are ordered by.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'When the runs were requested.' },
    NAME: { value: 'name', description: 'The name of the run.' },
    STATE: { value: 'state', description: 'The state of the run.' },
  } as const,
});

const RunOrder = builder.inputType('RunOrder', {
  description: 'Order of runs.',
  fields: (t) => ({
    field: t.field({ type: RunOrderField, required: true, description: 'The field to order by.' }),
    direction: t.field({
      type: OrderDirection,
      required: true,
      defaultValue: 'asc',
      description: 'The direction of the order.',
    }),
  }),
});
builder.queryFields((t) => ({
  runs: t.connection(
    {
      type: Run,
      description: 'The runs, newest first.',
      args: {
        filter: t.arg({
          type: RunFilter,
          description: 'Conditions that the items must meet; absent or null means all.',
        }),
        orderBy: t.arg({ type: RunOrder, description: 'The order of the items; absent or null means newest first.' }),
      },
      resolve: (_root, args, context) => {
        const model = args.filter?.model;
        const modelId = model ? keyOf(model, 'Model', 'filter.model').key : undefined;
        const filter = { name: args.filter?.name, state: args.filter?.state, modelId };
        return connect(args, context, (window) => runs.list(context.tandem, { filter, orderBy: args.orderBy }, window));
      },
    },
    RunConnection,
  ),
  run: t.field({
    type: Run,
    nullable: true,
    description: 'One run; NOT_FOUND if there is none.',
    args: { id: t.arg.id({ required: true, description: 'Id of a run.' }) },
    resolve: (_root, { id }) => keyOf(id, 'Run', 'id').key,
  }),
}));

const RunPayload = builder.objectRef<{ run: typeof Run.$inferType }>('RunPayload').implement({
  description: 'A run that was started, stopped or continued.',
  fields: (t) => ({
    run: t.expose('run', { type: Run, description: 'The run that was started, stopped or continued.' }),
  }),
});

const DeleteRunPayload = deletedPayload('DeleteRunPayload', 'run');
const runId = (t: Parameters<Parameters<typeof builder.mutationFields>[0]>[0]) =>
  t.arg.id({ required: true, description: 'Id of a run.' });

builder.mutationFields((t) => ({
  startRun: t.field({
    type: RunPayload,
    description: 'Starts a run and answers at once; follow it with runEvents.',
    args: { input: t.arg({ type: StartRunInput, required: true, description: 'What to train, on what, how.' }) },
    resolve: async (_root, { input }, { tandem }) => ({ run: await startRun(tandem, runRequest(input)) }),
  }),
  cancelRun: t.field({
    type: RunPayload,
    description: 'Stops a run after its running micro-batch; a checkpoint of it is kept.',
    args: { id: runId(t) },
    resolve: async (_root, { id }, { tandem }) => ({ run: await cancelRun(tandem, keyOf(id, 'Run', 'id').key) }),
  }),
  resumeRun: t.field({
    type: RunPayload,
    description:
      'Continues an interrupted run from its last checkpoint, to the very bits an undisturbed run gives; any other is a CONFLICT.',
    args: {
      id: runId(t),
      allowDifferentAdapter: t.arg.boolean({
        required: true,
        defaultValue: false,
        description: 'True = go on although the device is another one; the bits may then differ.',
      }),
    },
    resolve: async (_root, { id, allowDifferentAdapter }, { tandem }) => ({
      run: await resumeRun(tandem, keyOf(id, 'Run', 'id').key, { allowDifferentAdapter }),
    }),
  }),
  deleteRun: t.field({
    type: DeleteRunPayload,
    description: 'Deletes an ended run with its events and checkpoints; CONFLICT names what uses them.',
    args: { id: runId(t) },
    resolve: async (_root, { id }, { tandem }) => {
      await runs.remove(tandem, keyOf(id, 'Run', 'id').key);
      return { deletedId: id };
    },
  }),
}));
