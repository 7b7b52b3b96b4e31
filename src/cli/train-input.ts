/** The input of `tandem train`: ids for names, the settings, the stages of a file. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { LossTermInput, RunSettingsInput, RunStageInput, StartRunInput, TandemClient } from '../client/index.ts';
import { badInput } from '../errors.ts';
import { givenDevSets } from './dev-options.ts';
import { checkpointId, datasetId, modelId } from './lookup.ts';
import { givenSettings } from './train-options.ts';
import { weighted } from './values.ts';

export interface TrainOptions {
  readonly model?: string;
  readonly from?: string;
  readonly dataset: readonly string[];
  readonly teacher?: string;
  readonly name?: string;
  readonly settings?: string;
  readonly datasetLosses?: readonly string[];
  readonly stages?: string;
  readonly plan?: boolean;
  readonly watch?: boolean;
}

export async function startInput(
  client: TandemClient,
  options: TrainOptions,
  command: Command,
): Promise<StartRunInput> {
  const origin = await originOf(client, options);
  const named = options.dataset.map(weighted);
  const losses = await readDatasetLosses(options.datasetLosses ?? [], named);
  const datasets = named.map(async ({ name, weight }) => ({
    ...{ dataset: await datasetId(client, name), weight },
    losses: losses.get(name),
  }));
  const given =
    options.settings === undefined
      ? {}
      : await readJson('--settings', options.settings, 'an object of RunSettingsInput');
  return {
    name: options.name,
    ...origin,
    datasets: await Promise.all(datasets),
    devSets: await givenDevSets(client, command),
    ...(options.teacher !== undefined && { teacher: { id: await checkpointId(client, options.teacher) } }),
    settings: givenSettings(command, given as RunSettingsInput),
    ...(options.stages !== undefined && { stages: await readStages(client, options.stages) }),
  };
}

/** The loss terms of data sets by the name that `--dataset` gives. */
async function readDatasetLosses(
  given: readonly string[],
  datasets: readonly { readonly name: string }[],
): Promise<ReadonlyMap<string, LossTermInput[]>> {
  const found = new Map<string, LossTermInput[]>();
  const option = '--dataset-losses';
  for (const text of given) {
    const [, name = text, file] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (file === undefined || found.has(name) || !datasets.some((dataset) => dataset.name === name)) {
      throw badInput(`${text} names no data set of the run, or one twice`, {
        field: option,
        expected: 'name=file, each name once and as --dataset gives it, without the weight',
      });
    }
    found.set(name, (await readJson(option, file, 'a list of LossTermInput')) as LossTermInput[]);
  }
  return found;
}

async function originOf(
  client: TandemClient,
  { model, from }: TrainOptions,
): Promise<Pick<StartRunInput, 'model' | 'checkpoint'>> {
  if (model !== undefined && from === undefined) return { model: await modelId(client, model) };
  if (from !== undefined && model === undefined) return { checkpoint: { id: await checkpointId(client, from) } };
  throw badInput(model === undefined ? 'Nothing is named to start from' : 'A model and a checkpoint are named', {
    field: '--from',
    expected: 'either --model or --from',
    remedy: 'Give --model for a model as it was made, --from for a checkpoint.',
  });
}

/** As the API takes them, but data sets and teachers may be named by their names. */
async function readStages(client: TandemClient, file: string): Promise<RunStageInput[]> {
  const expected = 'a list of RunStageInput; names may stand for the ids in it';
  const stages = await readJson('--stages', file, expected);
  if (!Array.isArray(stages) || !stages.every(hasDatasets)) {
    throw badInput(`${file} is no list of stages with data sets`, { field: '--stages', expected });
  }
  const found = stages.map(async (stage: RunStageInput) => ({
    ...stage,
    datasets: await Promise.all(
      [stage.datasets].flat().map(async (row) => ({ ...row, dataset: await datasetId(client, row.dataset) })),
    ),
    devSets: await Promise.all(
      [stage.devSets ?? []].flat().map(async (row) => ({ ...row, dataset: await datasetId(client, row.dataset) })),
    ),
    ...(stage.teacher?.id && { teacher: { id: await checkpointId(client, stage.teacher.id) } }),
  }));
  return Promise.all(found);
}

const hasDatasets = (stage: unknown): boolean => {
  const { datasets } = (stage ?? {}) as { datasets?: unknown };
  return Array.isArray(datasets) && datasets.every((row) => typeof row?.dataset === 'string');
};

export async function readJson(option: string, file: string, expected: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    throw badInput(`${file} cannot be read: ${(error as Error).message}`, {
      field: option,
      expected: `a file of JSON, ${expected}`,
    });
  }
}
