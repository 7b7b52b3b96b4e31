/** RunSettings as output and as input; every default is the one of train/catalog.ts. */
import { z } from 'zod';
import { enumValueOf } from '../../catalog.ts';
import { type LossTerm, lossCatalog } from '../../nn/losses/catalog.ts';
import { defaultRunSettings, type OptimizerSettings, type RunSettings } from '../../train/catalog.ts';
import { type PresetEntry, type PresetSettings, presetCatalog } from '../../train/presets/catalog.ts';
import { builder } from '../builder.ts';
import { parametersInput, parametersObject } from '../catalog-inputs.ts';
import { Loss, Preset, Sampler } from '../enums.ts';

const defaults = defaultRunSettings;

/** One description per setting, for both directions. */
const says = {
  preset: 'Settings that belong together: what a run leaves out of them, its preset says.',
  seed: 'The seed of all random draws, from 0 to 4294967295.',
  sampler: 'How batches are drawn from data sets.',
  shardsPerUpdate:
    'The number of shards of an update, a divisor of irBatchSize; only the sampler MIXED reads it, whose shards have irBatchSize / shardsPerUpdate records.',
  sizeExponent:
    'The power by which the size of a data set counts in its share of the batches: 1 means in proportion, 0 as many batches of each; weights multiply.',
  equalBatchesPerTask:
    'Whether each task gives the same number of batches in an epoch; sizes and weights then decide within the task.',
  epochs: 'The number of passes over the data.',
  maxBatches:
    'The number of updates after which the run ends, whatever the epochs; null means no such limit. The schedule ends there.',
  irBatchSize:
    'The global batch size of IR data sets, in queries; with the samplers SINGLE and MIXED of all data sets.',
  stsBatchSize: 'The global batch size of STS data sets, in pairs; only the sampler DYNAMIC reads it.',
  positives: 'The number of positives drawn per IR query.',
  negatives: 'The number of hard negatives drawn per IR query.',
  maxLength: 'The length in tokens, special tokens included, at which texts are cut.',
  microBatchTokens:
    'The largest number of tokens of one micro-batch, fewer where the device has no room for them; it changes results by rounding only.',
  recomputeActivations:
    'Whether the way back computes the activations of every block again instead of keeping them (gradient checkpointing); it takes less memory and more time, and gives the same bits from the same micro-batches.',
  losses: 'The loss terms of each task.',
  optimizer: 'AdamW with linear warm-up and decay.',
  dropout: 'The probability of dropping an activation.',
  attentionDropout: 'The probability of dropping an attention weight.',
  checkpointEverySteps:
    "The number of updates between checkpoints besides each epoch's; null means that only epochs make one.",
  learningRate: 'The highest learning rate.',
  beta1: 'The decay of the first moment.',
  beta2: 'The decay of the second moment.',
  epsilon: 'The number added to the root of the second moment.',
  weightDecay: 'The decoupled weight decay.',
  warmupRatio: 'The share of all updates in which the learning rate rises.',
  clipNorm: 'The largest global norm of the gradients, to which they are clipped; null means no clipping.',
} as const;

const LossParameters = parametersObject(
  'LossParameters',
  'Loss',
  "A loss's parameters; null where the loss has no such parameter.",
  lossCatalog,
);

const LossTermObject = builder.objectRef<LossTerm>('LossTerm').implement({
  description: 'One term of the sum: weight * loss(parameters).',
  fields: (t) => ({
    loss: t.expose('loss', { type: Loss, description: 'The loss of the term.' }),
    weight: t.exposeFloat('weight', { description: 'The weight of the term in the sum.' }),
    parameters: t.field({
      type: LossParameters,
      description: 'The parameters of the loss.',
      resolve: (term) => term.parameters,
    }),
  }),
});

const LossSet = builder.objectRef<RunSettings['losses']>('LossSet').implement({
  description: says.losses,
  fields: (t) => ({
    ir: t.field({
      type: [LossTermObject],
      description: 'The loss terms on IR batches.',
      resolve: (set) => [...set.ir],
    }),
    sts: t.field({
      type: [LossTermObject],
      description: 'The loss terms on STS batches.',
      resolve: (set) => [...set.sts],
    }),
  }),
});

const Optimizer = builder.objectRef<OptimizerSettings>('OptimizerSettings').implement({
  description: says.optimizer,
  fields: (t) => ({
    learningRate: t.exposeFloat('learningRate', { description: says.learningRate }),
    beta1: t.exposeFloat('beta1', { description: says.beta1 }),
    beta2: t.exposeFloat('beta2', { description: says.beta2 }),
    epsilon: t.exposeFloat('epsilon', { description: says.epsilon }),
    weightDecay: t.exposeFloat('weightDecay', { description: says.weightDecay }),
    warmupRatio: t.exposeFloat('warmupRatio', { description: says.warmupRatio }),
    clipNorm: t.exposeFloat('clipNorm', { nullable: true, description: says.clipNorm }),
  }),
});

export const RunSettingsObject = builder.objectRef<RunSettings>('RunSettings').implement({
  description: 'The settings that decide what a run computes. They never change once the run exists.',
  fields: (t) => ({
    preset: t.expose('preset', {
      type: Preset,
      nullable: true,
      description:
        'The preset that it was started with; the other settings say what took effect. Null for runs from before presets.',
    }),
    seed: t.expose('seed', { type: 'Int64', description: says.seed }),
    sampler: t.expose('sampler', { type: Sampler, description: says.sampler }),
    shardsPerUpdate: t.exposeInt('shardsPerUpdate', { description: says.shardsPerUpdate }),
    sizeExponent: t.exposeFloat('sizeExponent', { description: says.sizeExponent }),
    equalBatchesPerTask: t.exposeBoolean('equalBatchesPerTask', { description: says.equalBatchesPerTask }),
    epochs: t.exposeInt('epochs', { description: says.epochs }),
    maxBatches: t.exposeInt('maxBatches', { nullable: true, description: says.maxBatches }),
    irBatchSize: t.exposeInt('irBatchSize', { description: says.irBatchSize }),
    stsBatchSize: t.exposeInt('stsBatchSize', { description: says.stsBatchSize }),
    positives: t.exposeInt('positives', { description: says.positives }),
    negatives: t.exposeInt('negatives', { description: says.negatives }),
    maxLength: t.exposeInt('maxLength', { description: says.maxLength }),
    microBatchTokens: t.exposeInt('microBatchTokens', { description: says.microBatchTokens }),
    recomputeActivations: t.exposeBoolean('recomputeActivations', { description: says.recomputeActivations }),
    losses: t.expose('losses', { type: LossSet, description: says.losses }),
    optimizer: t.expose('optimizer', { type: Optimizer, description: says.optimizer }),
    dropout: t.exposeFloat('dropout', { description: says.dropout }),
    attentionDropout: t.exposeFloat('attentionDropout', { description: says.attentionDropout }),
    checkpointEverySteps: t.exposeInt('checkpointEverySteps', {
      nullable: true,
      description: says.checkpointEverySteps,
    }),
  }),
});

const whole = (low: number, high: number) => z.number().int().min(low).max(high);
const ratio = z.number().min(0).lt(1, 'must be less than 1');
const positive = z.number().positive();

const presets: readonly PresetEntry[] = presetCatalog;

/** What the presets set, in words: `1 in INFONCE_JOINT and SINGLE_TASK`. */
function presetValues(field: Exclude<keyof PresetSettings, 'losses'>, none = ''): string {
  const names = new Map<string, string[]>();
  for (const { name, settings } of presets) {
    const value = settings[field];
    if (value === undefined) continue;
    const shown = value === null ? none : typeof value === 'string' ? enumValueOf(value) : String(value);
    names.set(shown, [...(names.get(shown) ?? []), enumValueOf(name)]);
  }
  return [...names].map(([shown, of]) => `${shown} in ${of.join(', ')}`).join('; ');
}

const LossParametersInput = parametersInput(
  'LossParametersInput',
  'Loss',
  "A loss's parameters; absent or null ones take their defaults.",
  lossCatalog,
);

const LossTermInput = builder.inputType('LossTermInput', {
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

const OptimizerInput = builder.inputType('OptimizerSettingsInput', {
  description: says.optimizer,
  fields: (t) => {
    const value = (field: Exclude<keyof OptimizerSettings, 'clipNorm'>, schema: z.ZodType<number>) =>
      t.float({ required: true, defaultValue: defaults.optimizer[field], description: says[field], validate: schema });
    return {
      learningRate: value('learningRate', z.number().min(0).max(10)),
      beta1: value('beta1', ratio),
      beta2: value('beta2', ratio),
      epsilon: value('epsilon', positive),
      weightDecay: value('weightDecay', z.number().min(0).max(10)),
      warmupRatio: value('warmupRatio', z.number().min(0).max(1)),
      clipNorm: t.float({
        description: `${says.clipNorm} Absent means what the preset sets: ${presetValues('clipNorm', 'no clipping')}.`,
        validate: positive.nullish(),
      }),
    };
  },
});

/** What an absent optimizer is. */
const { clipNorm: _clipNorm, ...absentOptimizer } = defaults.optimizer;
const { sampler: _s, positives: _p, negatives: _n, losses: _l, maxLength: _m, ...others } = defaults;
/**
 * What absent settings are. GraphQL takes a default value as it is, so it must be whole, and without what the preset
 * sets.
 */
export const absentSettings = { ...others, optimizer: absentOptimizer };

export const RunSettingsInput = builder.inputType('RunSettingsInput', {
  description: 'The settings that decide what a run computes.',
  fields: (t) => {
    type Whole = 'epochs' | 'irBatchSize' | 'stsBatchSize' | 'shardsPerUpdate' | 'microBatchTokens';
    const count = (field: Whole, low: number, high: number) =>
      t.int({ required: true, defaultValue: defaults[field], description: says[field], validate: whole(low, high) });
    const drawn = (field: 'positives' | 'negatives', low: number, high: number) =>
      t.int({
        description: `${says[field]} Absent or null means what the preset sets, ${presetValues(field)}; else ${defaults[field]}.`,
        validate: whole(low, high).nullish(),
      });
    return {
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
      shardsPerUpdate: count('shardsPerUpdate', 1, 1024),
      sizeExponent: t.float({
        required: true,
        defaultValue: defaults.sizeExponent,
        description: says.sizeExponent,
        validate: z.number().min(-4).max(4),
      }),
      equalBatchesPerTask: t.boolean({
        required: true,
        defaultValue: defaults.equalBatchesPerTask,
        description: says.equalBatchesPerTask,
      }),
      epochs: count('epochs', 1, 10_000),
      maxBatches: t.int({ description: says.maxBatches, validate: whole(1, 100_000_000).nullish() }),
      irBatchSize: count('irBatchSize', 1, 65_536),
      stsBatchSize: count('stsBatchSize', 2, 65_536),
      positives: drawn('positives', 1, 64),
      negatives: drawn('negatives', 0, 256),
      maxLength: t.int({
        description: `${says.maxLength} Absent or null means ${defaults.maxLength}, or as many as the model reads if that is less.`,
        validate: whole(4, 32_768).nullish(),
      }),
      microBatchTokens: count('microBatchTokens', 16, 16_777_216),
      recomputeActivations: t.boolean({
        required: true,
        defaultValue: defaults.recomputeActivations,
        description: says.recomputeActivations,
      }),
      losses: t.field({
        type: LossSetInput,
        description: `${says.losses} Absent or null means those of the preset.`,
      }),
      optimizer: t.field({
        type: OptimizerInput,
        required: true,
        defaultValue: absentOptimizer,
        description: says.optimizer,
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
    };
  },
});
