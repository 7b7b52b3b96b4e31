/** The optimizer of a run's settings and its groups of parameters, as output and as input. */
import { z } from 'zod';
import { defaultRunSettings, type OptimizerSettings, type ParameterGroup } from '../../train/catalog.ts';
import { builder } from '../builder.ts';
import { presetValues } from '../preset-values.ts';

const defaults = defaultRunSettings.optimizer;

/** One description per setting, for both directions. */
const says = {
  whole: 'AdamW with linear warm-up and decay.',
  learningRate: 'The highest learning rate.',
  beta1: 'The decay of the first moment.',
  beta2: 'The decay of the second moment.',
  epsilon: 'The number added to the root of the second moment.',
  weightDecay: 'The decoupled weight decay.',
  warmupRatio: 'The share of all updates in which the learning rate rises.',
  clipNorm: 'The largest global norm of the gradients, to which they are clipped; null means no clipping.',
  groups:
    'Parameters that are trained with other rates, or not at all. Of each parameter the first group that it matches counts; those that match none have the rates of the optimizer.',
  group: 'How some parameters of the model are trained.',
  parameters:
    'A glob over the names of the exported parameters, those in model.safetensors of the model, such as encoder.layer.0.* (a dense layer: 2_Dense/*); * stands for any characters, dots too, ? for one.',
  groupRate: "The highest learning rate of the group; null means the optimizer's.",
  groupDecay: "The weight decay of the group; null means the optimizer's.",
  frozen:
    'Whether the parameters stay as they are: they get no gradient, are no part of the norm of the gradients, and do not decay.',
} as const;

const Group = builder.objectRef<ParameterGroup>('ParameterGroup').implement({
  description: says.group,
  fields: (t) => ({
    parameters: t.exposeString('parameters', { description: says.parameters }),
    learningRate: t.exposeFloat('learningRate', { nullable: true, description: says.groupRate }),
    weightDecay: t.exposeFloat('weightDecay', { nullable: true, description: says.groupDecay }),
    frozen: t.exposeBoolean('frozen', { description: says.frozen }),
  }),
});

export const OptimizerObject = builder.objectRef<OptimizerSettings>('OptimizerSettings').implement({
  description: says.whole,
  fields: (t) => ({
    learningRate: t.exposeFloat('learningRate', { description: says.learningRate }),
    beta1: t.exposeFloat('beta1', { description: says.beta1 }),
    beta2: t.exposeFloat('beta2', { description: says.beta2 }),
    epsilon: t.exposeFloat('epsilon', { description: says.epsilon }),
    weightDecay: t.exposeFloat('weightDecay', { description: says.weightDecay }),
    warmupRatio: t.exposeFloat('warmupRatio', { description: says.warmupRatio }),
    clipNorm: t.exposeFloat('clipNorm', { nullable: true, description: says.clipNorm }),
    groups: t.field({ type: [Group], description: says.groups, resolve: ({ groups }) => [...groups] }),
  }),
});

const ratio = z.number().min(0).lt(1, 'must be less than 1');
const positive = z.number().positive();
const rate = z.number().min(0).max(10);

const GroupInput = builder.inputType('ParameterGroupInput', {
  description: says.group,
  fields: (t) => ({
    parameters: t.string({
      required: true,
      description: says.parameters,
      validate: z.string().min(1).max(200),
    }),
    learningRate: t.float({ description: says.groupRate, validate: rate.nullish() }),
    weightDecay: t.float({ description: says.groupDecay, validate: rate.nullish() }),
    frozen: t.boolean({ required: true, defaultValue: false, description: says.frozen }),
  }),
});

export const OptimizerInput = builder.inputType('OptimizerSettingsInput', {
  description: says.whole,
  fields: (t) => {
    const value = (field: Exclude<keyof OptimizerSettings, 'clipNorm' | 'groups'>, schema: z.ZodType<number>) =>
      t.float({ required: true, defaultValue: defaults[field], description: says[field], validate: schema });
    return {
      learningRate: value('learningRate', rate),
      beta1: value('beta1', ratio),
      beta2: value('beta2', ratio),
      epsilon: value('epsilon', positive),
      weightDecay: value('weightDecay', rate),
      warmupRatio: value('warmupRatio', z.number().min(0).max(1)),
      clipNorm: t.float({
        description: `${says.clipNorm} Absent means what the preset sets: ${presetValues('clipNorm', 'no clipping')}.`,
        validate: positive.nullish(),
      }),
      groups: t.field({
        type: [GroupInput],
        required: true,
        defaultValue: [],
        description: says.groups,
        validate: z.array(z.unknown()).max(1000),
      }),
    };
  },
});

/** What an absent optimizer is. */
const { clipNorm: _clipNorm, ...rest } = defaults;
export const absentOptimizer = { ...rest, groups: [] };
