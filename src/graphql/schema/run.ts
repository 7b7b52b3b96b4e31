/** Runs: training, from its plan to its end. */
import { z } from 'zod';
import type { RunAttemptRow, RunDatasetRow } from '../../db/schema.ts';
import { planRun } from '../../services/runs/plan-run.ts';
import * as runs from '../../services/runs/runs.ts';
import { cancelRun, resumeRun, startRun } from '../../services/runs/start-run.ts';
import type { RunPlan } from '../../services/runs/types.ts';
import { builder } from '../builder.ts';
import { connect } from '../connection.ts';
import { OrderDirection, RunState } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { connections, refs } from '../nouns.ts';
import { deletedPayload, idempotencyKey, nameSchema } from './common.ts';
import { Failure } from './failure.ts';
import { RunEvent } from './run-event.ts';
import { absentSettings, RunSettingsInput, RunSettingsObject } from './run-settings.ts';
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
    adapter: t.expose('adapter', { type: Device, nullable: true, description: 'Device that computed.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it began.' }),
    endedAt: t.expose('endedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
  }),
});

Run.implement({
  description: 'A training run.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Name.' }),
    state: t.expose('state', { type: RunState, description: 'Where it stands.' }),
    model: t.field({ type: Model, description: 'What it trains: theta_0.', resolve: (row) => row.modelId }),
    datasets: t.field({
      type: [RunDataset],
      description: 'What it trains on, in order.',
      resolve: (row, _args, { tandem }) => runs.datasetsOf(tandem, row.id),
    }),
    settings: t.expose('settings', { type: RunSettingsObject, description: 'What decides what it computes.' }),
    step: t.exposeInt('step', { description: 'Updates made.' }),
    steps: t.exposeInt('steps', { nullable: true, description: 'Updates planned; null = not started yet.' }),
    epoch: t.exposeInt('epoch', { description: 'Epochs finished.' }),
    loss: t.exposeFloat('loss', { nullable: true, description: 'Loss of the last update.' }),
    tokensPerSecond: t.exposeFloat('tokensPerSecond', { nullable: true, description: 'Speed.' }),
    secondsLeft: t.exposeFloat('secondsLeft', { nullable: true, description: 'Estimated time left.' }),
    parameters: t.expose('parameters', { type: 'Int64', nullable: true, description: 'Number of weights.' }),
    memoryBytes: t.expose('memoryBytes', { type: 'Int64', nullable: true, description: 'Device memory it takes.' }),
    adapter: t.expose('adapter', { type: Device, nullable: true, description: 'Device of the last attempt.' }),
    attempt: t.exposeInt('attempt', { description: 'Number of the last attempt; 0 = none yet.' }),
    attempts: t.field({
      type: [RunAttempt],
      description: 'All attempts.',
      resolve: (row, _args, { tandem }) => runs.attemptsOf(tandem, row.id),
    }),
    lastSeq: t.expose('lastSeq', { type: 'Int64', description: 'Sequence number of its last event.' }),
    error: t.expose('error', { type: Failure, nullable: true, description: 'Why it failed.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was asked for.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When it first started.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
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
  description: 'Which runs.',
  fields: (t) => ({
    name: t.string({ description: 'Exactly this name.' }),
    state: t.field({ type: RunState, description: 'In this state.' }),
    model: t.id({ description: 'Of this model.' }),
  }),
});

const RunOrderField = builder.enumType('RunOrderField', {
  description: 'What runs are ordered by.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'When they were asked for.' },
    NAME: { value: 'name', description: 'Name.' },
    STATE: { value: 'state', description: 'State.' },
  } as const,
});

const RunOrder = builder.inputType('RunOrder', {
  description: 'Order of runs.',
  fields: (t) => ({
    field: t.field({ type: RunOrderField, required: true, description: 'By what.' }),
    direction: t.field({ type: OrderDirection, required: true, defaultValue: 'asc', description: 'Which way.' }),
  }),
});

const RunDatasetInput = builder.inputType('RunDatasetInput', {
  description: 'A data set to train on.',
  fields: (t) => ({
    dataset: t.id({ required: true, description: 'Id of a data set.' }),
    weight: t.float({
      required: true,
      defaultValue: 1,
      description: 'Multiplies its number of batches in an epoch; above 0, at most 1000.',
      validate: z.number().positive().max(1000),
    }),
  }),
});

const StartRunInput = builder.inputType('StartRunInput', {
  description: 'A run: IR-only, STS-only or joint, as the data sets say.',
  fields: (t) => ({
    name: t.string({ description: 'Name; absent = made of the model and the tasks.', validate: nameSchema.nullish() }),
    model: t.id({ required: true, description: 'Id of the model to train.' }),
    datasets: t.field({
      type: [RunDatasetInput],
      required: true,
      description: 'What to train on; each data set once.',
    }),
    settings: t.field({
      type: RunSettingsInput,
      required: true,
      defaultValue: absentSettings,
      description: 'What decides what it computes.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});

const RunPlanDataset = builder.objectRef<RunPlan['datasets'][number]>('RunPlanDataset').implement({
  description: 'What a run would take from one data set.',
  fields: (t) => ({
    dataset: t.field({ type: Dataset, description: 'The data set.', resolve: (row) => row.datasetId }),
    batchesPerEpoch: t.exposeInt('batchesPerEpoch', { description: 'Batches in an epoch.' }),
    recordsPerEpoch: t.exposeInt('recordsPerEpoch', { description: 'Records drawn in an epoch.' }),
    tokensPerBatch: t.expose('tokensPerBatch', { type: 'Int64', description: 'Estimated tokens of one batch.' }),
  }),
});

const RunMemory = builder.objectRef<RunPlan['memory']>('RunMemory').implement({
  description: 'Device memory of a run, in bytes; an upper estimate.',
  fields: (t) => ({
    parameters: t.expose('parameters', { type: 'Int64', description: 'Weights.' }),
    optimizer: t.expose('optimizer', { type: 'Int64', description: 'Gradients and moments.' }),
    activations: t.expose('activations', { type: 'Int64', description: 'What the backward pass needs, and scratch.' }),
    representations: t.expose('representations', {
      type: 'Int64',
      description: 'Vectors of the global batch with the loss.',
    }),
    total: t.expose('total', { type: 'Int64', description: 'All of it.' }),
  }),
});

const RunPlanObject = builder.objectRef<RunPlan>('RunPlan').implement({
  description: 'What a run would do and take; nothing is started.',
  fields: (t) => ({
    steps: t.exposeInt('steps', { description: 'Updates.' }),
    epochs: t.exposeFloat('epochs', { description: 'Passes over the data; a fraction where maxBatches ends them.' }),
    datasets: t.field({ type: [RunPlanDataset], description: 'By data set.', resolve: (plan) => [...plan.datasets] }),
    tokens: t.expose('tokens', { type: 'Int64', description: 'Estimated tokens of the whole run.' }),
    parameters: t.expose('parameters', { type: 'Int64', description: 'Number of weights.' }),
    memoryBytes: t.field({
      type: 'Int64',
      description: 'Device memory at most.',
      resolve: (plan) => plan.memory.total,
    }),
    memory: t.expose('memory', { type: RunMemory, description: 'The same by what it holds.' }),
    device: t.expose('device', { type: Device, description: 'The device it was planned for.' }),
  }),
});

builder.queryFields((t) => ({
  runs: t.connection(
    {
      type: Run,
      description: 'The runs, newest first.',
      args: {
        filter: t.arg({ type: RunFilter, description: 'Only those that match.' }),
        orderBy: t.arg({ type: RunOrder, description: 'In which order.' }),
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
  planRun: t.field({
    type: RunPlanObject,
    description:
      "What startRun with this input would do and take. Refused, with the numbers, where it goes over the device's limits.",
    args: { input: t.arg({ type: StartRunInput, required: true, description: 'As for startRun.' }) },
    resolve: (_root, { input }, { tandem, signal }) => planRun(tandem, runRequest(input), signal),
  }),
}));

/** The input with keys instead of global ids. */
function runRequest(input: typeof StartRunInput.$inferInput) {
  return {
    ...input,
    modelId: keyOf(input.model, 'Model', 'input.model').key,
    datasets: input.datasets.map(({ dataset, weight }, i) => ({
      datasetId: keyOf(dataset, 'Dataset', `input.datasets.${i}.dataset`).key,
      weight,
    })),
  };
}

const RunPayload = builder.objectRef<{ run: typeof Run.$inferType }>('RunPayload').implement({
  description: 'A run that was started, stopped or continued.',
  fields: (t) => ({ run: t.expose('run', { type: Run, description: 'The run.' }) }),
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
