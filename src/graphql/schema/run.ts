/** Training runs: their state, events and life cycle. */
import { z } from 'zod';
import type { JobAttemptRow, RunRow } from '../../db/schema.ts';
import * as jobs from '../../services/jobs/jobs.ts';
import { runList } from '../../services/runs/list.ts';
import * as runs from '../../services/runs/runs.ts';
import { cancelRun, resumeRun, startRun } from '../../services/runs/start-run.ts';
import { builder } from '../builder.ts';
import { RunCause, RunState } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { defineList, loadersOf } from '../lists/field.ts';
import { lookup } from '../lists/lookup.ts';
import { connections, loaderOptions, loadIfThere, refs } from '../nouns.ts';
import { requestLoader } from '../request-loader.ts';
import { Failure } from './failure.ts';
import { RunDataset } from './run-dataset.ts';
import { RunEvent } from './run-event.ts';
import { runRequest, StartRunInput } from './run-input.ts';
import { RunSettingsObject } from './run-settings.ts';
import { Device } from './system.ts';

const { Checkpoint, Dataset, Job, Model, Run } = refs;
const { Run: RunConnection } = connections;

/** Of a run, by its id. */
const datasetsOf = requestLoader(runs.datasetsOf);

const RunAttempt = builder.objectRef<JobAttemptRow>('RunAttempt').implement({
  description: 'The work of one process on a run. A resumed run gets another attempt.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'The number of the attempt, counted from 1.' }),
    outcome: t.expose('outcome', {
      type: RunState,
      nullable: true,
      description: 'The state that it gave the run at its end; null while it works.',
    }),
    host: t.exposeString('host', { description: 'The name of the host that worked on it.' }),
    adapter: t.field({
      type: Device,
      nullable: true,
      description: 'The device that computed; null until its RunStarted event, and for good if it ended before.',
      resolve: ({ details }) => details.adapter ?? null,
    }),
    resumedFrom: t.field({
      type: Checkpoint,
      nullable: true,
      description:
        "The checkpoint that it went on from; null if it began with the run's start, and once that was deleted.",
      resolve: ({ details: { resumedFrom } }, _args, context) =>
        resumedFrom ? loadIfThere<'checkpoints'>(context, 'Checkpoint', resumedFrom) : null,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the attempt began.' }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null while it works.',
    }),
  }),
});

Run.implement({
  description: 'A training run.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the run.' }),
    state: t.expose('state', { type: RunState, description: 'The state of the run.' }),
    model: t.field({
      type: Model,
      description: 'The root of its lineage: the model that it trains, or that its checkpoint descends from.',
      resolve: (row) => row.modelId,
    }),
    datasets: t.field({
      type: [RunDataset],
      description: 'The data sets that it trains on, in the order in which they were given.',
      resolve: (row, _args, context) => datasetsOf(row.id, context),
    }),
    settings: t.expose('settings', {
      type: RunSettingsObject,
      description: 'The settings, which decide what it computes.',
    }),
    attempt: t.exposeInt('attempt', { description: 'The number of the last attempt; 0 before the first.' }),
    attempts: t.loadableList({
      type: RunAttempt,
      description: 'All attempts at the run, oldest first.',
      loaderOptions,
      load: (ids: string[], { tandem }) => jobs.attemptsOf(tandem, ids),
      resolve: (row) => row.id,
    }),
    job: t.field({ type: Job, description: 'The job that does its work.', resolve: (row) => row.id }),
    lastSeq: t.expose('lastSeq', { type: 'Int64', description: 'The sequence number of its last event.' }),
    error: t.expose('error', {
      type: Failure,
      nullable: true,
      description:
        'The error that made the run FAILED or INTERRUPTED, or a stage CANCELLED because of the run before it; null in other states, and where it was stopped or its process ended.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the run was requested.' }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its first attempt began; null before that.',
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it became SUCCEEDED, FAILED or CANCELLED; null in other states, INTERRUPTED among them.',
    }),
    events: t.field({
      type: [RunEvent],
      description: 'The kept events of the run, by seq; at most one page of them.',
      args: {
        after: t.arg({
          type: 'Int64',
          required: true,
          defaultValue: 0,
          description: 'Return only events with a larger seq.',
        }),
        first: t.arg.int({
          required: true,
          defaultValue: 1000,
          description: 'The largest number of events to return, at least 1.',
          validate: z.number().int().min(1),
        }),
      },
      resolve: (row, bounds, context) => runs.eventsOf(context.tandem, loadersOf(context), row.id, bounds),
    }),
  }),
});

/** How far a run is, and what it takes. */
builder.objectFields(Run, (t) => ({
  step: t.exposeInt('step', { description: 'The number of updates made.' }),
  steps: t.exposeInt('steps', {
    nullable: true,
    description: 'The number of planned updates; null before the first RunStarted event.',
  }),
  epoch: t.exposeInt('epoch', {
    description: 'The epoch in progress or just ended, counted from 1; 0 before the first update.',
  }),
  loss: t.exposeFloat('loss', {
    nullable: true,
    description: 'The loss of the last update, the weighted sum of its terms; null before the first update.',
  }),
  tokensPerSecond: t.exposeFloat('tokensPerSecond', {
    nullable: true,
    description:
      'Tokens per second over the last 20 updates of an attempt, as of the last update; null before the first update.',
  }),
  secondsLeft: t.exposeFloat('secondsLeft', {
    nullable: true,
    description: 'The estimated time left in seconds; null unless an attempt is running that has made an update.',
  }),
  parameters: t.expose('parameters', {
    type: 'Int64',
    nullable: true,
    description: 'The number of weights; null before the first RunStarted event.',
  }),
  memoryBytes: t.expose('memoryBytes', {
    type: 'Int64',
    nullable: true,
    description: 'An upper estimate of the device memory in bytes; null before the first RunStarted event.',
  }),
  adapter: t.expose('adapter', {
    type: Device,
    nullable: true,
    description: 'The device named by the last RunStarted event; null before the first.',
  }),
}));

const runsOf = defineList<RunRow>(runList, 'Run', Run, RunConnection, { enums: { state: RunState, cause: RunCause } });

builder.queryFields((t) => ({
  runs: runsOf.whole(t, 'The runs, newest first.'),
  run: lookup(t, 'Run', 'a run'),
}));

builder.objectField(Model, 'runs', (t) =>
  runsOf.part(t, {
    edge: 'model',
    description: 'The runs that train the model, or a checkpoint that descends from it.',
  }),
);
builder.objectField(Dataset, 'runs', (t) =>
  runsOf.part(t, { edge: 'dataset', description: 'The runs that train on the data set.' }),
);
builder.objectField(Checkpoint, 'runs', (t) =>
  runsOf.part(t, { edge: 'checkpoint', description: 'The runs that started from the checkpoint.' }),
);

const RunPayload = builder.objectRef<{ run: typeof Run.$inferType }>('RunPayload').implement({
  description: 'A run that was stopped or continued.',
  fields: (t) => ({
    run: t.expose('run', { type: Run, description: 'The run that was stopped or continued.' }),
  }),
});

const StartRunPayload = builder.objectRef<Awaited<ReturnType<typeof startRun>>>('StartRunPayload').implement({
  description: 'The runs that were started.',
  fields: (t) => ({
    run: t.field({ type: Run, description: 'The first of them.', resolve: ([first]) => first }),
    runs: t.field({
      type: [Run],
      description: 'All of them: the first and its stages, in order.',
      resolve: (made) => made,
    }),
  }),
});

const runId = (t: Parameters<Parameters<typeof builder.mutationFields>[0]>[0]) =>
  t.arg.id({ required: true, description: 'Id of a run.' });

builder.mutationFields((t) => ({
  startRun: t.field({
    type: StartRunPayload,
    description: 'Starts a run, with the stages behind it, and answers at once; follow a run with runEvents.',
    args: {
      input: t.arg({
        type: StartRunInput,
        required: true,
        description: 'What the run starts from, its data sets and its settings.',
      }),
    },
    resolve: async (_root, { input }, { tandem, signal }) => startRun(tandem, await runRequest(tandem, input), signal),
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
      'Continues an interrupted run from its last checkpoint, with the same bits as an undisturbed run. A run in another state is a CONFLICT.',
    args: {
      id: runId(t),
      allowDifferentAdapter: t.arg.boolean({
        required: true,
        defaultValue: false,
        description: 'Whether to continue on a device other than that of the last attempt; the bits may then differ.',
      }),
    },
    resolve: async (_root, { id, allowDifferentAdapter }, { tandem }) => ({
      run: await resumeRun(tandem, keyOf(id, 'Run', 'id').key, { allowDifferentAdapter }),
    }),
  }),
}));
