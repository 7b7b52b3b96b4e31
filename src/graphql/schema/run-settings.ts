/** RunSettings as output, and what each setting is. */
import { type LossTerm, lossCatalog } from '../../nn/losses/catalog.ts';
import type { MatryoshkaLevel, RunSettings } from '../../train/catalog.ts';
import { builder } from '../builder.ts';
import { parametersObject } from '../catalog-inputs.ts';
import { Loss, MissingNegatives, OptimizerState, Preset, Sampler } from '../enums.ts';
import { OptimizerObject } from './optimizer-settings.ts';
import { DevSettingsObject, devSays } from './run-dev.ts';

/** One description per setting, for both directions. */
export const says = {
  preset: 'Settings that belong together: what a run leaves out of them, its preset says.',
  seed: 'The seed of all random draws, from 0 to 4294967295.',
  sampler: 'How batches are drawn from data sets.',
  shardsPerUpdate:
    'The number of shards of an update, a divisor of irBatchSize; only the sampler MIXED reads it, whose shards have irBatchSize / shardsPerUpdate records.',
  sizeExponent:
    'The power by which the size of a data set counts in its share of the batches: 1 means in proportion, 0 as many batches of each; weights multiply.',
  equalBatchesPerTask:
    'Whether each task gives the same number of batches in an epoch; sizes and weights then decide within the task.',
  distinctTexts:
    'Whether no two records of an IR batch may show the same text, be it a query, a positive or a negative. A record that would repeat one waits for a later batch; a warning counts those that found none, and batches of another pass over the data set take their place.',
  epochs: 'The number of passes over the data.',
  maxBatches:
    'The number of updates after which the run ends, whatever the epochs; null means no such limit. The schedule ends there.',
  irBatchSize:
    'The global batch size of IR data sets, in queries; with the samplers SINGLE and MIXED of all data sets.',
  stsBatchSize: 'The global batch size of STS data sets, in pairs; only the sampler DYNAMIC reads it.',
  positives: 'The number of positives drawn per IR query.',
  negatives: 'The number of hard negatives drawn per IR query.',
  missingNegatives: 'What stands for the negatives of an IR record that has none.',
  maxLength: 'The length in tokens, special tokens included, at which texts are cut.',
  microBatchTokens:
    'The largest number of tokens of one micro-batch, fewer where the device has no room for them; it changes results by rounding only.',
  recomputeActivations:
    'Whether the way back computes the activations of every block again instead of keeping them (gradient checkpointing); it takes less memory and more time, and gives the same bits from the same micro-batches.',
  losses: 'The loss terms of each task.',
  matryoshka:
    'The dimensions at which the losses are computed, on the first components of the vectors, normalised again, and added (Matryoshka, arXiv 2205.13147). Losses of the inner layer stay at its full width. Null means whole vectors only.',
  dimension: 'The number of the first components.',
  levelWeight: 'What the losses at this dimension are multiplied by.',
  optimizer: 'AdamW with linear warm-up and decay.',
  optimizerState: 'What AdamW begins with.',
  dropout: 'The probability of dropping an activation.',
  attentionDropout: 'The probability of dropping an attention weight.',
  checkpointEverySteps:
    "The number of updates between checkpoints besides each epoch's; null means that only epochs make one.",
} as const;

const LossParameters = parametersObject(
  'LossParameters',
  'Loss',
  "A loss's parameters; null where the loss has no such parameter.",
  lossCatalog,
);

export const LossTermObject = builder.objectRef<LossTerm>('LossTerm').implement({
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

const MatryoshkaLevelObject = builder.objectRef<MatryoshkaLevel>('MatryoshkaLevel').implement({
  description: 'A dimension at which the losses are computed.',
  fields: (t) => ({
    dimension: t.exposeInt('dimension', { description: says.dimension }),
    weight: t.exposeFloat('weight', { description: says.levelWeight }),
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
    distinctTexts: t.exposeBoolean('distinctTexts', { description: says.distinctTexts }),
    epochs: t.exposeInt('epochs', { description: says.epochs }),
    maxBatches: t.exposeInt('maxBatches', { nullable: true, description: says.maxBatches }),
    irBatchSize: t.exposeInt('irBatchSize', { description: says.irBatchSize }),
    stsBatchSize: t.exposeInt('stsBatchSize', { description: says.stsBatchSize }),
    positives: t.exposeInt('positives', { description: says.positives }),
    negatives: t.exposeInt('negatives', { description: says.negatives }),
    missingNegatives: t.expose('missingNegatives', { type: MissingNegatives, description: says.missingNegatives }),
    maxLength: t.exposeInt('maxLength', { description: says.maxLength }),
    microBatchTokens: t.exposeInt('microBatchTokens', { description: says.microBatchTokens }),
    recomputeActivations: t.exposeBoolean('recomputeActivations', { description: says.recomputeActivations }),
    losses: t.expose('losses', { type: LossSet, description: says.losses }),
    matryoshka: t.field({
      type: [MatryoshkaLevelObject],
      nullable: true,
      description: says.matryoshka,
      resolve: ({ matryoshka }) => matryoshka && [...matryoshka],
    }),
    optimizer: t.expose('optimizer', { type: OptimizerObject, description: says.optimizer }),
    optimizerState: t.expose('optimizerState', { type: OptimizerState, description: says.optimizerState }),
    dropout: t.exposeFloat('dropout', { description: says.dropout }),
    attentionDropout: t.exposeFloat('attentionDropout', { description: says.attentionDropout }),
    checkpointEverySteps: t.exposeInt('checkpointEverySteps', {
      nullable: true,
      description: says.checkpointEverySteps,
    }),
    dev: t.expose('dev', {
      type: DevSettingsObject,
      nullable: true,
      description: `${devSays} Null where the run names no dev sets.`,
    }),
  }),
});
