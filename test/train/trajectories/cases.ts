/** The runs whose ten updates PyTorch makes as well: presets, samplers, and losses alone on each of their tasks. */

import { type GivenParameters, rowOf } from '../../../src/catalog-parameters.ts';
import type { SamplerName } from '../../../src/data/samplers/catalog.ts';
import type { Task } from '../../../src/data/types.ts';
import { type Heads, noHeads } from '../../../src/model/types.ts';
import { type LossEntry, type LossTerm, lossCatalog } from '../../../src/nn/losses/catalog.ts';
import { presetSettings } from '../../../src/services/runs/preset.ts';
import { defaultRunSettings, type RunSettings } from '../../../src/train/catalog.ts';
import type { PresetName } from '../../../src/train/presets/catalog.ts';

export interface TrajectoryCase {
  readonly name: string;
  /** Tasks of its data sets. */
  readonly tasks: readonly Task[];
  readonly settings: RunSettings;
  readonly heads: Heads;
}

export const steps = 10;

/** Ten batches are more than an epoch of either task; micro-batches are small, so that an update has several. */
const shared = {
  ...defaultRunSettings,
  ...{ seed: 5, epochs: 5, maxBatches: steps, irBatchSize: 5, stsBatchSize: 7, positives: 2, negatives: 3 },
  ...{ maxLength: 16, microBatchTokens: 128, dropout: 0, attentionDropout: 0 },
};
const optimizer = { ...defaultRunSettings.optimizer, learningRate: 1e-3 };

function ofPreset(preset: PresetName, tasks: readonly Task[]): TrajectoryCase {
  const { clipNorm, ...settings } = presetSettings(preset, new Set(tasks));
  const name = tasks.length === 1 ? `${preset} ${tasks}` : preset;
  const own = { ...shared, preset, ...settings, optimizer: { ...optimizer, clipNorm } };
  return { name, tasks, heads: noHeads, settings: own };
}

/** The preset codiemb with batches of another sampler. */
function ofSampler(sampler: SamplerName, sizes: Partial<RunSettings>): TrajectoryCase {
  const { name, settings, ...others } = ofPreset('codiemb', ['ir', 'sts']);
  return { ...others, name: `${name} ${sampler}`, settings: { ...settings, sampler, ...sizes } };
}

/** CoDiEmb with a head of each task, and weight decay, which acts on a head in every update. */
function ofHeads(): TrajectoryCase {
  const { tasks, settings } = ofPreset('codiemb', ['ir', 'sts']);
  const decayed = { ...settings, optimizer: { ...settings.optimizer, weightDecay: 0.01 } };
  return { name: 'codiemb heads', tasks, heads: { ir: 'dense', sts: 'dense' }, settings: decayed };
}

/** CoDiEmb at three widths; nothing but the inner layer's loss stays at the whole width alone. */
function ofWidths(): TrajectoryCase {
  const { settings, ...others } = ofPreset('codiemb', ['ir', 'sts']);
  const matryoshka = [
    { dimension: 12, weight: 1 },
    { dimension: 8, weight: 0.5 },
    { dimension: 5, weight: 2 },
  ];
  return { ...others, name: 'codiemb matryoshka', settings: { ...settings, matryoshka } };
}

/** A teacher's cosines are those of its whole vectors, whatever the width of the model's. */
function ofTaughtWidths(): TrajectoryCase {
  const { settings, ...each } = ofLoss(rowOf(lossCatalog, 'teacher-matching', 'loss'), 'ir');
  const matryoshka = [
    { dimension: 12, weight: 1 },
    { dimension: 7, weight: 0.5 },
  ];
  return { ...each, name: `${each.name} matryoshka`, settings: { ...settings, matryoshka } };
}

/** One loss of weight 0.7, by its defaults where nothing is given, with weight decay. */
function ofLoss({ name: loss, parameters }: LossEntry, task: Task, given: GivenParameters = {}): TrajectoryCase {
  const defaults = Object.fromEntries(parameters.map(({ name, default: value }) => [name, value]));
  const term = { loss, weight: 0.7, parameters: { ...defaults, ...given } } as LossTerm;
  const losses = { ir: [], sts: [], [task]: [term] };
  const settings = { ...shared, preset: null, losses, optimizer: { ...optimizer, weightDecay: 0.01, clipNorm: 1 } };
  return { name: [loss, task, ...Object.keys(given)].join(' '), tasks: [task], heads: noHeads, settings };
}

const presets = [
  ['codiemb', ['ir', 'sts']],
  ['infonce-joint', ['ir', 'sts']],
  ['cosent-joint', ['ir', 'sts']],
  ['single-task', ['ir']],
  ['single-task', ['sts']],
] as const;

const alone = [
  'infonce',
  'pearson',
  'pro',
  'rank-kl',
  'inner-infonce',
  'cosine-mse',
  'cosent',
  'angle',
  'symmetric-infonce',
  'guided-infonce',
  'pair-infonce',
  'score-distillation',
  'teacher-matching',
  'spread-out',
] as const;

/** Options of InfoNCE. */
const options: readonly GivenParameters[] = [{ positives: 'sample' }, { margin: 0 }, { knownPositives: true }];

export const trajectoryCases: readonly TrajectoryCase[] = [
  ...presets.map(([preset, tasks]) => ofPreset(preset, tasks)),
  ofSampler('single', { irBatchSize: 6 }),
  ofSampler('mixed', { irBatchSize: 8, shardsPerUpdate: 2 }),
  ofWidths(),
  ofHeads(),
  ...alone.flatMap((name) => {
    const row: LossEntry = rowOf(lossCatalog, name, 'loss');
    return row.tasks.map((task) => ofLoss(row, task));
  }),
  ofTaughtWidths(),
  ...options.map((given) => ofLoss(rowOf(lossCatalog, 'infonce', 'loss'), 'ir', given)),
];
