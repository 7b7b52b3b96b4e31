/** RunSettings as output and as input; every default is the one of train/catalog.ts. */
import { z } from 'zod';
import { type LossTerm, lossCatalog } from '../../nn/losses/catalog.ts';
import { defaultRunSettings, type OptimizerSettings, type RunSettings } from '../../train/catalog.ts';
import { builder } from '../builder.ts';
import { parametersInput, parametersObject } from '../catalog-inputs.ts';
import { Loss, Sampler } from '../enums.ts';

const defaults = defaultRunSettings;

/** One description per setting, for both directions. */
const says = {
  seed: 'The seed of all random draws, from 0 to 4294967295.',
  sampler: 'How batches are drawn from data sets.',
  epochs: 'The number of passes over the data.',
  maxBatches:
    'The number of batches after which the run ends, whatever the epochs; null means no such limit. The schedule ends there.',
  irBatchSize: 'The global batch size of IR data sets, in queries.',
  stsBatchSize: 'The global batch size of STS data sets, in pairs.',
  positives: 'The number of positives drawn per IR query.',
  negatives: 'The number of hard negatives drawn per IR query.',
  maxLength: 'The length in tokens, special tokens included, at which texts are cut.',
  microBatchTokens:
    'The largest number of tokens of one micro-batch, fewer where the device has no room for them; it changes results by rounding only.',
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
    seed: t.expose('seed', { type: 'Int64', description: says.seed }),
    sampler: t.expose('sampler', { type: Sampler, description: says.sampler }),
    epochs: t.exposeInt('epochs', { description: says.epochs }),
    maxBatches: t.exposeInt('maxBatches', { nullable: true, description: says.maxBatches }),
    irBatchSize: t.exposeInt('irBatchSize', { description: says.irBatchSize }),
    stsBatchSize: t.exposeInt('stsBatchSize', { description: says.stsBatchSize }),
    positives: t.exposeInt('positives', { description: says.positives }),
    negatives: t.exposeInt('negatives', { description: says.negatives }),
    maxLength: t.exposeInt('maxLength', { description: says.maxLength }),
    microBatchTokens: t.exposeInt('microBatchTokens', { description: says.microBatchTokens }),
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
      description: 'The loss terms on IR batches; absent or null means those of CoDiEmb.',
    }),
    sts: t.field({
      type: [LossTermInput],
      description: 'The loss terms on STS batches; absent or null means those of CoDiEmb.',
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
        defaultValue: defaults.optimizer.clipNorm,
        description: says.clipNorm,
        validate: positive.nullish(),
      }),
    };
  },
});

const { losses: _losses, maxLength: _maxLength, ...others } = defaults;
/** What absent settings are. GraphQL takes a default value as it is, so it must be whole. */
export const absentSettings = others;

export const RunSettingsInput = builder.inputType('RunSettingsInput', {
  description: 'The settings that decide what a run computes.',
  fields: (t) => {
    type Whole = 'epochs' | 'irBatchSize' | 'stsBatchSize' | 'positives' | 'negatives' | 'microBatchTokens';
    const count = (field: Whole, low: number, high: number) =>
      t.int({ required: true, defaultValue: defaults[field], description: says[field], validate: whole(low, high) });
    return {
      seed: t.field({
        type: 'Int64',
        required: true,
        defaultValue: defaults.seed,
        description: says.seed,
        validate: whole(0, 4_294_967_295),
      }),
      sampler: t.field({ type: Sampler, required: true, defaultValue: defaults.sampler, description: says.sampler }),
      epochs: count('epochs', 1, 10_000),
      maxBatches: t.int({ description: says.maxBatches, validate: whole(1, 100_000_000).nullish() }),
      irBatchSize: count('irBatchSize', 1, 65_536),
      stsBatchSize: count('stsBatchSize', 2, 65_536),
      positives: count('positives', 1, 64),
      negatives: count('negatives', 0, 256),
      maxLength: t.int({
        description: `${says.maxLength} Absent or null means ${defaults.maxLength}, or as many as the model reads if that is less.`,
        validate: whole(4, 32_768).nullish(),
      }),
      microBatchTokens: count('microBatchTokens', 16, 16_777_216),
      losses: t.field({
        type: LossSetInput,
        description: `${says.losses} Absent or null means the defaults, the loss set of CoDiEmb.`,
      }),
      optimizer: t.field({
        type: OptimizerInput,
        required: true,
        defaultValue: defaults.optimizer,
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
