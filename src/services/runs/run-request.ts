/** What a request to train means: model and data sets found, settings complete, impossible ones refused. */

import { samplingOf } from '../../data/samplers/index.ts';
import type { Task } from '../../data/types.ts';
import type { DatasetRow, ModelRow } from '../../db/schema.ts';
import { badInput, conflict } from '../../errors.ts';
import type { LossTerm } from '../../nn/losses/catalog.ts';
import {
  defaultRunSettings,
  type OptimizerSettings,
  type ParameterGroup,
  type RunSettings,
} from '../../train/catalog.ts';
import { termsOf } from '../../train/terms.ts';
import { requireRow } from '../common/rows.ts';
import { checkList } from '../embedding/texts.ts';
import { dropoutOf } from '../models/dropout.ts';
import type { Tandem } from '../tandem.ts';
import {
  type DevSetRequest,
  type DevSettingsRequest,
  devSetsOf,
  devSettingsOf,
  type ReadyDevSet,
} from './dev-request.ts';
import { checkLevels } from './matryoshka.ts';
import type { Origin } from './origin.ts';
import { presetSettings } from './preset.ts';
import { type ReadyTeacher, readyTeacher } from './teacher.ts';
import { requireTeacherScores } from './teacher-scores.ts';
import { readTerms, requireDimension, requireLayer, requireTerms, type TermRequest } from './terms.ts';

/** What a run may leave to its preset, its model or the defaults; absent and null do. */
type Omissible = 'preset' | 'sampler' | 'positives' | 'negatives' | 'maxLength' | 'dropout' | 'attentionDropout';
/** What may be null for another reason: no limit, none besides those of epochs. */
type Nullable = 'maxBatches' | 'checkpointEverySteps' | 'matryoshka';

type SettingsRequest = Omit<RunSettings, 'losses' | 'optimizer' | 'dev' | Omissible | Nullable> & {
  readonly [Name in Omissible | Nullable]?: RunSettings[Name] | null;
} & {
  readonly dev?: DevSettingsRequest | null;
  readonly losses?: {
    readonly ir?: readonly TermRequest[] | null;
    readonly sts?: readonly TermRequest[] | null;
  } | null;
  /** `clipNorm`: null = no clipping, absent = the preset's. */
  readonly optimizer: Omit<OptimizerSettings, 'clipNorm' | 'groups'> & {
    readonly clipNorm?: number | null | undefined;
    readonly groups: readonly GroupRequest[];
  };
};

/** Rates that are absent or null are the optimizer's. */
type GroupRequest = Pick<ParameterGroup, 'parameters' | 'frozen'> & {
  readonly [Name in 'learningRate' | 'weightDecay']?: number | null | undefined;
};

/** What a run is to do, wherever it starts. */
export interface RunContent {
  readonly name?: string | null;
  readonly datasets: readonly {
    readonly datasetId: string;
    readonly weight: number;
    /** Its own; absent and null = those of its task. */
    readonly losses?: readonly TermRequest[] | null;
  }[];
  readonly devSets?: readonly DevSetRequest[] | null;
  /** Key of a checkpoint, of any model. */
  readonly teacherId?: string | null;
  readonly settings: SettingsRequest;
}

interface ReadyDataset {
  readonly row: DatasetRow;
  readonly weight: number;
  /** Its own loss terms; null = those of its task. */
  readonly losses: readonly LossTerm[] | null;
}

export interface ReadyRun extends Origin {
  readonly datasets: readonly ReadyDataset[];
  readonly devSets: readonly ReadyDevSet[];
  readonly teacher: ReadyTeacher | null;
  readonly settings: RunSettings;
}

/**
 * Finds and checks everything that a run needs. `before` is the run that it starts from a checkpoint of, if it is known
 * that this has trained.
 */
export async function readyRun(
  tandem: Tandem,
  origin: Origin,
  request: RunContent,
  signal: AbortSignal,
  before?: Pick<ReadyRun, 'settings'>,
): Promise<ReadyRun> {
  const { model } = origin;
  const datasets = await datasetsOf(tandem, request);
  const { dev: devRequest, ...given } = request.settings;
  const trained = datasets.map(({ row }) => row);
  const devSets = await devSetsOf(tandem, request.devSets ?? [], trained);
  const dev = devSettingsOf(devRequest, devSets, trained);
  const tasks = new Set(trained.map(({ task }) => task));
  const settings: RunSettings = { ...settingsOf(given, model, tasks), dev };
  checkLength(settings, model);
  const { matryoshka, losses } = settings;
  const field = 'input.settings.matryoshka';
  const terms = [...losses.ir, ...losses.sts, ...datasets.flatMap((dataset) => dataset.losses ?? [])];
  if (matryoshka) checkLevels(matryoshka, { terms, dimension: model.dimension, field });
  const trainedBy = datasets.map(({ row: { task, digest }, losses: own }, i) =>
    own
      ? { digest, task, terms: own, list: `input.datasets.${i}.losses` }
      : { digest, task, terms: losses[task], list: `input.settings.losses.${task}` },
  );
  for (const { task, terms, list } of trainedBy) {
    requireTerms(terms, task, list);
    requireLayer(terms, model, list);
    // With levels, the losses see those instead of whole vectors.
    if (!matryoshka) requireDimension(terms, model, list);
  }
  checkBatches(settings, datasets);
  await checkGroups(tandem, settings, model, before);
  await requireTeacherScores(tandem, trainedBy, signal);
  const used = datasets.flatMap(({ row: { task }, losses: own }) => termsOf(settings, { task, losses: own }));
  const teacher = await readyTeacher(tandem, request.teacherId ?? null, used);
  return { ...origin, datasets, devSets, teacher, settings };
}

async function datasetsOf(tandem: Tandem, { datasets }: RunContent): Promise<ReadyRun['datasets']> {
  checkList(datasets, tandem.config.limits, 'input.datasets');
  const found: ReadyDataset[] = [];
  for (const [i, { datasetId, weight, losses }] of datasets.entries()) {
    const field = `input.datasets.${i}.dataset`;
    const row = await requireRow(tandem.database.db, 'datasets', datasetId, field);
    const twin = found.find((other) => other.row.name === row.name);
    if (twin) throw sameName(row, twin.row, field);
    if (row.counts.train === 0) {
      throw badInput(`Data set "${row.name}" has no train split`, {
        field,
        expected: 'a data set with training records',
        remedy: 'Leave it out, or import it with a train split.',
      });
    }
    const own = losses ? readTerms(row.task, losses, `input.datasets.${i}.losses`) : null;
    found.push({ row, weight, losses: own });
  }
  return found;
}

/** Events name data sets by their name, so two of one name could not be distinguished. */
const sameName = (row: DatasetRow, twin: DatasetRow, field: string) =>
  conflict(
    row.id === twin.id
      ? `Data set "${row.name}" is named twice`
      : `Versions ${twin.version} and ${row.version} of data set "${row.name}" are both named`,
    { field, expected: 'each data set once', remedy: 'Raise its weight instead.' },
  );

/** Given > preset > the model's own (dropout) > default. */
function settingsOf(
  request: Omit<SettingsRequest, 'dev'>,
  model: ModelRow,
  tasks: ReadonlySet<Task>,
): Omit<RunSettings, 'dev'> {
  const { losses, optimizer, maxBatches, checkpointEverySteps, maxLength, dropout, attentionDropout, ...rest } =
    request;
  const own = dropoutOf(model);
  const preset = request.preset ?? defaultRunSettings.preset;
  const ofPreset = presetSettings(preset, tasks);
  const terms = (task: Task): readonly LossTerm[] => {
    const given = losses?.[task];
    return given ? readTerms(task, given, `input.settings.losses.${task}`) : ofPreset.losses[task];
  };
  return {
    ...rest,
    preset,
    sampler: request.sampler ?? ofPreset.sampler,
    positives: request.positives ?? ofPreset.positives ?? defaultRunSettings.positives,
    negatives: request.negatives ?? ofPreset.negatives ?? defaultRunSettings.negatives,
    dropout: dropout ?? own.dropout ?? severalRates(model),
    attentionDropout: attentionDropout ?? own.attentionDropout,
    maxLength: maxLength ?? Math.min(defaultRunSettings.maxLength, model.maxLength),
    matryoshka: request.matryoshka ?? null,
    maxBatches: maxBatches ?? null,
    checkpointEverySteps: checkpointEverySteps ?? null,
    losses: { ir: terms('ir'), sts: terms('sts') },
    optimizer: {
      ...optimizer,
      clipNorm: optimizer.clipNorm === undefined ? ofPreset.clipNorm : optimizer.clipNorm,
      groups: optimizer.groups.map(({ parameters, learningRate, weightDecay, frozen }) => ({
        ...{ parameters, learningRate: learningRate ?? null, weightDecay: weightDecay ?? null, frozen },
      })),
    },
  };
}

function severalRates({ name }: ModelRow): never {
  throw badInput(`The config.json of the model "${name}" has several rates of dropout, a run has one`, {
    field: 'input.settings.dropout',
    expected: 'the probability of dropping an activation, from 0 to below 1',
    remedy: 'Set settings.dropout, for example to one of the two rates.',
  });
}

function checkLength({ maxLength }: RunSettings, model: ModelRow): void {
  if (maxLength <= model.maxLength) return;
  throw badInput(`maxLength is ${maxLength}, the model "${model.name}" reads ${model.maxLength} tokens`, {
    field: 'input.settings.maxLength',
    expected: `at most ${model.maxLength}`,
    remedy: `Set settings.maxLength to ${model.maxLength} or less.`,
  });
}

/**
 * The names of parameters stand in the model's folder. A host without it leaves the check to the one that trains.
 * Throws, too, where a run that keeps the optimizer state of the one before trains other parameters.
 */
async function checkGroups(
  { jobs, storage }: Tandem,
  { optimizer, optimizerState }: RunSettings,
  { digest }: ModelRow,
  before?: Pick<ReadyRun, 'settings'>,
): Promise<void> {
  const kept = optimizerState === 'kept' ? before?.settings.optimizer : undefined;
  const groups = [...optimizer.groups, ...(kept?.groups ?? [])];
  if (groups.length === 0 || !(await storage.exists('models', digest))) return;
  await jobs.cpu.call('checkParameterGroups', { model: digest, optimizer, ...(kept && { before: kept }) });
}

/** Throws as the run itself would at its start: for a data set without a full batch, or without one in an epoch. */
function checkBatches(settings: RunSettings, datasets: ReadyRun['datasets']): void {
  samplingOf(
    settings,
    datasets.map(({ row: { name, task, counts }, weight }) => ({ name, task, weight, n: counts.train })),
  );
}
