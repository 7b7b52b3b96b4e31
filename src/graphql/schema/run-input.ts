/** The input of startRun and planRun. */
import { z } from 'zod';
import { badInput } from '../../errors.ts';
import type { OriginRequest } from '../../services/runs/origin.ts';
import type { RunRequest } from '../../services/runs/stages.ts';
import type { Tandem } from '../../services/tandem.ts';
import { builder, type ExtendedTypes } from '../builder.ts';
import { StageStart } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { CheckpointChoice, checkpointIdOf, idempotencyKey, nameSchema } from './common.ts';
import { DevSetInput } from './run-dev.ts';
import { absentSettings, LossTermInput, RunSettingsInput } from './run-settings-input.ts';

const RunDatasetInput = builder.inputType('RunDatasetInput', {
  description: 'A data set to train on.',
  fields: (t) => ({
    dataset: t.id({ required: true, description: 'Id of a data set.' }),
    weight: t.float({
      required: true,
      defaultValue: 1,
      description: 'The factor of its number of batches in an epoch; above 0, at most 1000.',
      validate: z.number().positive().max(1000),
    }),
    losses: t.field({
      type: [LossTermInput],
      description: 'The loss terms on its batches; absent or null means those of its task in the settings.',
    }),
  }),
});

/** What a run is to do, wherever it starts. */
export const contentFields = (t: PothosSchemaTypes.InputFieldBuilder<ExtendedTypes, 'InputObject'>) => ({
  name: t.string({
    description: 'The name of the run; absent or null means one made of the model and the tasks.',
    validate: nameSchema.nullish(),
  }),
  datasets: t.field({
    type: [RunDatasetInput],
    required: true,
    description: 'The data sets to train on, each once.',
  }),
  devSets: t.field({
    type: [DevSetInput],
    required: true,
    defaultValue: [],
    description: 'The splits of data sets to evaluate the run on while it trains.',
  }),
  teacher: t.field({
    type: CheckpointChoice,
    description:
      'The checkpoint, of any model, whose vectors of the same texts a loss reads. Given exactly where a loss on the data needs a teacher; absent or null means none.',
  }),
  settings: t.field({
    type: RunSettingsInput,
    required: true,
    defaultValue: absentSettings,
    description: 'The settings, which decide what the run computes.',
  }),
});

const RunStageInput = builder.inputType('RunStageInput', {
  description:
    'A run that starts where the run before it ends. Its settings are its own: absent ones take the defaults.',
  fields: (t) => ({
    ...contentFields(t),
    from: t.field({
      type: StageStart,
      required: true,
      defaultValue: 'last',
      description: 'Which checkpoint of the run before it to start from.',
    }),
  }),
});

export const StartRunInput = builder.inputType('StartRunInput', {
  description: 'A run: IR-only, STS-only or joint, as the data sets say. It starts from a model or from a checkpoint.',
  fields: (t) => ({
    ...contentFields(t),
    model: t.id({
      description: 'Id of the model to train, as it was made; absent or null where a checkpoint is given.',
    }),
    checkpoint: t.field({
      type: CheckpointChoice,
      description:
        'The checkpoint to train further, of a run or fused; absent or null where a model is given. Exactly one of the two is given.',
    }),
    stages: t.field({
      type: [RunStageInput],
      description:
        'Runs behind this one, at most 16: each is QUEUED until the run before it has SUCCEEDED, waits while that is INTERRUPTED, and is CANCELLED if it ends otherwise. Absent or null means none.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});

type StartRun = typeof StartRunInput.$inferInput;

/** The input with keys instead of global ids. */
export async function runRequest(tandem: Tandem, input: StartRun): Promise<RunRequest> {
  const { model: _model, checkpoint: _checkpoint, stages, ...rest } = input;
  return {
    ...rest,
    origin: await originRequest(tandem, input),
    ...(await rowsOf(tandem, input, 'input')),
    stages: await Promise.all(
      (stages ?? []).map(async (stage, i) => ({ ...stage, ...(await rowsOf(tandem, stage, `input.stages.${i}`)) })),
    ),
  };
}

async function originRequest(tandem: Tandem, { model, checkpoint }: StartRun): Promise<OriginRequest> {
  if (model && !checkpoint) return { modelId: keyOf(model, 'Model', 'input.model').key };
  if (checkpoint && !model) return { checkpointId: await checkpointIdOf(tandem, checkpoint, 'input.checkpoint') };
  throw badInput(model ? 'Both a model and a checkpoint are given' : 'Neither a model nor a checkpoint is given', {
    field: 'input.checkpoint',
    expected: 'exactly one of model and checkpoint',
    remedy: 'Give the model to train it as it was made, or the checkpoint to train that one further.',
  });
}

/** What a run names by id. */
export const rowsOf = async (
  tandem: Tandem,
  { datasets, devSets, teacher }: Pick<StartRun, 'datasets' | 'devSets' | 'teacher'>,
  field: string,
) => ({
  teacherId: teacher ? await checkpointIdOf(tandem, teacher, `${field}.teacher`) : null,
  datasets: datasets.map(({ dataset, ...rest }, i) => ({
    datasetId: keyOf(dataset, 'Dataset', `${field}.datasets.${i}.dataset`).key,
    ...rest,
  })),
  devSets: devSets.map(({ dataset, ...set }, i) => ({
    datasetId: keyOf(dataset, 'Dataset', `${field}.devSets.${i}.dataset`).key,
    ...set,
  })),
});
