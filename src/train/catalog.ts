/** The settings of a run with their defaults. Plain data for both sides. */

import type { GivenParameters } from '../catalog-parameters.ts';
import type { SamplerName } from '../data/samplers/catalog.ts';
import type { Task } from '../data/types.ts';
import type { LossName, LossSet } from '../nn/losses/catalog.ts';
import type { MissingNegatives } from '../tokens/catalog.ts';
import { type PresetName, presetCatalog } from './presets/catalog.ts';

/**
 * `kept`: the moments of AdamW, and the number of updates in its bias correction, go on from the state of the
 * checkpoint that the run starts from; the schedule, the sampler and the random numbers begin anew all the same.
 */
export const optimizerStates = ['fresh', 'kept'] as const;
export type OptimizerState = (typeof optimizerStates)[number];

/** Everything that decides what a run computes. Immutable once the run exists; resume reads it back. */
export interface RunSettings {
  /** The preset that it names, for people: the others say what took effect. Null = from before presets. */
  readonly preset: PresetName | null;
  readonly seed: number;
  readonly sampler: SamplerName;
  /** D, the shards of an update of the sampler "mixed"; the others do not read it. */
  readonly shardsPerUpdate: number;
  /** alpha of the balance of data sets (docs/method.md section 3): 1 = by size, 0 = as many batches of each. */
  readonly sizeExponent: number;
  /** Each task gives the same number of batches in an epoch. */
  readonly equalBatchesPerTask: boolean;
  /** No two records of an IR batch show the same text. */
  readonly distinctTexts: boolean;
  readonly epochs: number;
  /**
   * Number of updates after which the run stops, whatever the epochs; null = no limit. The schedule spans the updates
   * that run.
   */
  readonly maxBatches: number | null;
  /** Global batch size of IR data sets, in queries (B). */
  readonly irBatchSize: number;
  /** Global batch size of STS data sets, in pairs. */
  readonly stsBatchSize: number;
  /** Positives drawn per IR query (P). */
  readonly positives: number;
  /** Hard negatives drawn per IR query (N). */
  readonly negatives: number;
  /** What stands for the negatives of an IR record that has none. */
  readonly missingNegatives: MissingNegatives;
  /** Longest text in tokens, special tokens included. */
  readonly maxLength: number;
  /** Token budget of one micro-batch; never changes a result beyond rounding. */
  readonly microBatchTokens: number;
  /**
   * Keep of each block of a micro-batch its output alone and run it again on the way back: less memory, more time, the
   * same bits.
   */
  readonly recomputeActivations: boolean;
  readonly losses: LossSet;
  /** Null = the losses see whole vectors only. */
  readonly matryoshka: readonly MatryoshkaLevel[] | null;
  readonly optimizer: OptimizerSettings;
  readonly optimizerState: OptimizerState;
  /** Probability of dropping an activation (embeddings, after attention and feed-forward) and an attention weight. */
  readonly dropout: number;
  readonly attentionDropout: number;
  /** Number of steps between checkpoints, besides those at the end of each epoch; null = only those. */
  readonly checkpointEverySteps: number | null;
  /** Evaluation on the run's dev sets; null = it names none. */
  readonly dev: DevSettings | null;
}

/** How many of the first components of a vector the losses see, and what they count in the sum. */
export interface MatryoshkaLevel {
  readonly dimension: number;
  readonly weight: number;
}

/** Evaluation on dev sets while the run trains, and what follows from it (docs/method.md section 6). */
export interface DevSettings {
  /** Number of steps between evaluations, besides those at checkpoints; null = only those. */
  readonly everySteps: number | null;
  /** Evaluations in a row not above the best score + minDelta after which the run ends; null = it does not. */
  readonly patience: number | null;
  readonly minDelta: number;
  /** Weights of the tasks in the joint score, with the sum 1. */
  readonly weights: Readonly<Record<Task, number>>;
}

/** Weights have no default of their own: they depend on the tasks that a run trains. */
export const defaultDevSettings: Omit<DevSettings, 'weights'> = { everySteps: null, patience: null, minDelta: 0 };

/** AdamW with linear warm-up and decay (docs/method.md section 4). */
export interface OptimizerSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Share of all updates that warm up; W = ceil(ratio * T). */
  readonly warmupRatio: number;
  /** Largest global gradient norm; null = no clipping. */
  readonly clipNorm: number | null;
  /** Parameters that are trained otherwise, or not: of each parameter the first group that it matches counts. */
  readonly groups: readonly ParameterGroup[];
}

export interface ParameterGroup {
  /** A glob over the names of the exported parameters; * stands for any characters, ? for one. */
  readonly parameters: string;
  /** The highest learning rate, and the weight decay; null = the optimizer's. */
  readonly learningRate: number | null;
  readonly weightDecay: number | null;
  /** Never changed: no gradient, no part in the norm, no weight decay. */
  readonly frozen: boolean;
}

/** The preset of a run that names none. */
const [preset] = presetCatalog;

/** What a run computes that is given nothing. Dropout has no default of its own: it is the model's. */
export const defaultRunSettings: Omit<RunSettings, 'preset' | 'dropout' | 'attentionDropout'> & {
  readonly preset: PresetName;
} = {
  preset: preset.name,
  seed: 49,
  sampler: preset.settings.sampler,
  shardsPerUpdate: 4,
  sizeExponent: 1,
  equalBatchesPerTask: false,
  distinctTexts: false,
  epochs: 4,
  maxBatches: null,
  irBatchSize: 64,
  stsBatchSize: 32,
  positives: preset.settings.positives,
  negatives: preset.settings.negatives,
  missingNegatives: 'masked',
  maxLength: 512,
  microBatchTokens: 16_384,
  recomputeActivations: false,
  losses: preset.settings.losses,
  matryoshka: null,
  optimizer: {
    learningRate: 5e-5,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    warmupRatio: 0.03,
    clipNorm: preset.settings.clipNorm,
    groups: [],
  },
  optimizerState: 'fresh',
  checkpointEverySteps: null,
  dev: null,
};

/**
 * Settings that came after runs had been stored without them, each with the value that computes what those runs did
 * (stored-settings.ts).
 */
export const laterSettings: Partial<RunSettings> = {
  preset: null,
  missingNegatives: 'masked',
  recomputeActivations: false,
  matryoshka: null,
  shardsPerUpdate: 4,
  sizeExponent: 1,
  equalBatchesPerTask: false,
  optimizerState: 'fresh',
  distinctTexts: false,
  dev: null,
};

/** The same for the optimizer's. */
export const laterOptimizerSettings: Partial<OptimizerSettings> = { groups: [] };

/** The same for parameters of losses, by the name of the loss. */
export const laterParameters: Partial<Record<LossName, GivenParameters>> = {
  infonce: { knownPositives: false },
  'inner-infonce': { layer: 0 },
  'symmetric-infonce': { margin: 2, knownPositives: false },
};
