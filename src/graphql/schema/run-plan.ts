/** planRun: what the input of startRun would do and take. */
import { planRun } from '../../services/runs/plan-run.ts';
import type { RunPlan } from '../../services/runs/types.ts';
import { builder } from '../builder.ts';
import { refs } from '../nouns.ts';
import { runRequest, StartRunInput } from './run-input.ts';
import { Device } from './system.ts';

const { Dataset } = refs;

const RunPlanDataset = builder.objectRef<RunPlan['datasets'][number]>('RunPlanDataset').implement({
  description: 'What a run would take from one data set.',
  fields: (t) => ({
    dataset: t.field({ type: Dataset, description: 'The data set.', resolve: (row) => row.datasetId }),
    batchesPerEpoch: t.exposeInt('batchesPerEpoch', {
      description:
        'The number of its batches in an epoch; of those of all data sets, what makes no whole update is dropped.',
    }),
    recordsPerEpoch: t.exposeInt('recordsPerEpoch', { description: 'The number of records in these batches.' }),
    tokensPerBatch: t.expose('tokensPerBatch', {
      type: 'Int64',
      description: 'The estimated number of tokens of one batch.',
    }),
  }),
});

const RunMemory = builder.objectRef<RunPlan['memory']>('RunMemory').implement({
  description: 'The device memory of a run by what it holds, in bytes; upper estimates.',
  fields: (t) => ({
    parameters: t.expose('parameters', { type: 'Int64', description: 'The bytes of the weights.' }),
    optimizer: t.expose('optimizer', {
      type: 'Int64',
      description: 'The bytes of the gradients and of the moments of AdamW.',
    }),
    activations: t.expose('activations', {
      type: 'Int64',
      description: 'The bytes of the activations that the backward pass needs, and of scratch buffers.',
    }),
    representations: t.expose('representations', {
      type: 'Int64',
      description: 'The bytes of the vectors of the global batch and of the loss on them.',
    }),
    teacher: t.expose('teacher', {
      type: 'Int64',
      description: 'The bytes of the teacher: its weights, activations and vectors; 0 without one.',
    }),
    total: t.expose('total', { type: 'Int64', description: 'The sum of the other fields.' }),
  }),
});

const RunPlanObject = builder.objectRef<RunPlan>('RunPlan');
RunPlanObject.implement({
  description: 'What a run would do and how much memory it would take; nothing is started.',
  fields: (t) => ({
    steps: t.exposeInt('steps', { description: 'The number of planned updates.' }),
    epochs: t.exposeFloat('epochs', {
      description: 'The number of passes over the data; a fraction where maxBatches ends them.',
    }),
    updatesPerEpoch: t.exposeInt('updatesPerEpoch', { description: 'The number of updates in an epoch.' }),
    batchesPerUpdate: t.exposeInt('batchesPerUpdate', {
      description: 'The number of batches of an update: one, or with the sampler MIXED as many as shardsPerUpdate.',
    }),
    datasets: t.field({
      type: [RunPlanDataset],
      description: 'What the run would take from each data set.',
      resolve: (plan) => [...plan.datasets],
    }),
    tokens: t.expose('tokens', { type: 'Int64', description: 'The estimated number of tokens of the whole run.' }),
    parameters: t.expose('parameters', { type: 'Int64', description: 'The number of weights that are trained.' }),
    memoryBytes: t.field({
      type: 'Int64',
      description: 'An upper estimate of the device memory in bytes.',
      resolve: (plan) => plan.memory.total,
    }),
    memory: t.expose('memory', { type: RunMemory, description: 'The device memory by what it holds.' }),
    device: t.expose('device', { type: Device, description: 'The device it was planned for.' }),
    stages: t.field({
      type: [RunPlanObject],
      description: 'The plans of the stages behind the run, in order.',
      resolve: (plan) => [...plan.stages],
    }),
  }),
});

builder.queryField('planRun', (t) =>
  t.field({
    type: RunPlanObject,
    description:
      "What startRun with this input would do and take. Refused, with the numbers, where it goes over the device's limits.",
    args: { input: t.arg({ type: StartRunInput, required: true, description: 'The run that would be started.' }) },
    resolve: async (_root, { input }, { tandem, signal }) => planRun(tandem, await runRequest(tandem, input), signal),
  }),
);
