/** RunSettings as input; every default is the one of train/catalog.ts. */
import { z } from 'zod';
import { lossCatalog } from '../../nn/losses/catalog.ts';
import { defaultRunSettings } from '../../train/catalog.ts';
import { builder, type ExtendedTypes } from '../builder.ts';
import { parametersInput } from '../catalog-inputs.ts';
import { Loss, MissingNegatives, OptimizerState, Preset, Sampler } from '../enums.ts';
import { presetValues } from '../preset-values.ts';
import { absentOptimizer, OptimizerInput } from './optimizer-settings.ts';
import { devSettings } from './run-dev.ts';
import { says } from './run-settings.ts';

const defaults = defaultRunSettings;

const whole = (low: number, high: number) => z.number().int().min(low).max(high);
const ratio = z.number().min(0).lt(1, 'must be less than 1');
const positive = z.number().positive();

const LossParametersInput = parametersInput(
  'LossParametersInput',
  'Loss',
  "A loss's parameters; absent or null ones take their defaults.",
  lossCatalog,
);

export const LossTermInput = builder.inputType('LossTermInput', {
  description: 'One term of the sum: weight * loss(parameters).',
  fields: (t) => ({
    loss: t.field({ type: Loss, required: true, description: 'The loss of the term.' }),
    weight: t.float({
      description: "The weight of the term, greater than 0; absent or null means the loss's default.",
      validate: positive.nullish(),
    }),
    parameters: t.field({
      type: LossParametersInput,
      description: 'The parameters of the loss; absent or null ones take their defaults.',
    }),
  }),
});

const LossSetInput = builder.inputType('LossSetInput', {
  description: 'The loss terms of each task.',
  fields: (t) => ({
    ir: t.field({
      type: [LossTermInput],
      description: 'The loss terms on IR batches; absent or null means those of the preset.',
    }),
    sts: t.field({
      type: [LossTermInput],
      description: 'The loss terms on STS batches; absent or null means those of the preset.',
    }),
  }),
});

const MatryoshkaLevelInput = builder.inputType('MatryoshkaLevelInput', {
  description: 'A dimension at which the losses are computed.',
  fields: (t) => ({
    dimension: t.int({ required: true, description: says.dimension, validate: whole(1, 65_536) }),
    weight: t.float({ required: true, defaultValue: 1, description: says.levelWeight, validate: positive }),
  }),
});

const { sampler: _s, positives: _p, negatives: _n, losses: _l, maxLength: _m, matryoshka: _w, ...others } = defaults;
/**
 * What absent settings are. GraphQL takes a default value as it is, so it must be whole, and without what the preset
 * sets.
 */
export const absentSettings = { ...others, optimizer: absentOptimizer };

type Fields = PothosSchemaTypes.InputFieldBuilder<ExtendedTypes, 'InputObject'>;
type Whole = 'epochs' | 'irBatchSize' | 'stsBatchSize' | 'shardsPerUpdate' | 'microBatchTokens';

const count = (t: Fields, field: Whole, low: number, high: number) =>
  t.int({ required: true, defaultValue: defaults[field], description: says[field], validate: whole(low, high) });

const flag = (t: Fields, field: 'equalBatchesPerTask' | 'distinctTexts' | 'recomputeActivations') =>
  t.boolean({ required: true, defaultValue: defaults[field], description: says[field] });

const drawn = (t: Fields, field: 'positives' | 'negatives', low: number, high: number) =>
  t.int({
    description: `${says[field]} Absent or null means what the preset sets, ${presetValues(field)}; else ${defaults[field]}.`,
    validate: whole(low, high).nullish(),
  });

/** What is drawn from the data, how and how often. */
const drawing = (t: Fields) => ({
  preset: t.field({
    type: Preset,
    required: true,
    defaultValue: defaults.preset,
    description: says.preset,
  }),
  seed: t.field({
    type: 'Int64',
    required: true,
    defaultValue: defaults.seed,
    description: says.seed,
    validate: whole(0, 4_294_967_295),
  }),
  sampler: t.field({
    type: Sampler,
    description: `${says.sampler} Absent or null means what the preset sets: ${presetValues('sampler')}.`,
  }),
  shardsPerUpdate: count(t, 'shardsPerUpdate', 1, 1024),
  sizeExponent: t.float({
    required: true,
    defaultValue: defaults.sizeExponent,
    description: says.sizeExponent,
    validate: z.number().min(-4).max(4),
  }),
  equalBatchesPerTask: flag(t, 'equalBatchesPerTask'),
  distinctTexts: flag(t, 'distinctTexts'),
  epochs: count(t, 'epochs', 1, 10_000),
  maxBatches: t.int({ description: says.maxBatches, validate: whole(1, 100_000_000).nullish() }),
  irBatchSize: count(t, 'irBatchSize', 1, 65_536),
  stsBatchSize: count(t, 'stsBatchSize', 2, 65_536),
  positives: drawn(t, 'positives', 1, 64),
  negatives: drawn(t, 'negatives', 0, 256),
  missingNegatives: t.field({
    type: MissingNegatives,
    required: true,
    defaultValue: defaults.missingNegatives,
    description: says.missingNegatives,
  }),
});

export const RunSettingsInput = builder.inputType('RunSettingsInput', {
  description: 'The settings that decide what a run computes.',
  fields: (t) => ({
    ...drawing(t),
    maxLength: t.int({
      description: `${says.maxLength} Absent or null means ${defaults.maxLength}, or as many as the model reads if that is less.`,
      validate: whole(4, 32_768).nullish(),
    }),
    microBatchTokens: count(t, 'microBatchTokens', 16, 16_777_216),
    recomputeActivations: flag(t, 'recomputeActivations'),
    losses: t.field({
      type: LossSetInput,
      description: `${says.losses} Absent or null means those of the preset.`,
    }),
    matryoshka: t.field({ type: [MatryoshkaLevelInput], description: says.matryoshka }),
    optimizer: t.field({
      type: OptimizerInput,
      required: true,
      defaultValue: absentOptimizer,
      description: says.optimizer,
    }),
    optimizerState: t.field({
      type: OptimizerState,
      required: true,
      defaultValue: defaults.optimizerState,
      description:
        `${says.optimizerState} KEPT takes a checkpoint to start from whose state is there: one of the last two ` +
        'of its run, or the best on its dev sets.',
    }),
    dropout: t.float({
      description: `${says.dropout} Absent or null means the model's own, Model.dropout.`,
      validate: ratio.nullish(),
    }),
    attentionDropout: t.float({
      description: `${says.attentionDropout} Absent or null means the model's own, Model.attentionDropout.`,
      validate: ratio.nullish(),
    }),
    checkpointEverySteps: t.int({
      description: says.checkpointEverySteps,
      validate: whole(1, 100_000_000).nullish(),
    }),
    dev: devSettings(t),
  }),
});
