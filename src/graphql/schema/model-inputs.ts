/** The inputs of createModel and importModel. */
import { z } from 'zod';
import { newModelSettings } from '../../authoring/types.ts';
import { defaultFamily, encoderCatalog } from '../../model/families/catalog.ts';
import { noHeads } from '../../model/types.ts';
import { builder } from '../builder.ts';
import { parametersInput } from '../catalog-inputs.ts';
import { EncoderFamily, Pooling } from '../enums.ts';
import { idempotencyKey, nameSchema } from './common.ts';
import { HeadsInput } from './heads.ts';

const ArchitectureInput = parametersInput(
  'ArchitectureInput',
  'Architecture',
  "An encoder's sizes; absent or null ones take their defaults.",
  encoderCatalog,
);

const templates = { query: 'Instruction: {task} Query: ', sts: 'Instruction: {task} Query: ', passage: '' };

const TemplatesInput = builder.inputType('PromptTemplatesInput', {
  description: 'What is put before a text of each role. `{task}` stands for the task instruction; empty = nothing.',
  fields: (t) => ({
    query: t.string({
      required: true,
      defaultValue: templates.query,
      description: 'The text put before a search query.',
    }),
    sts: t.string({
      required: true,
      defaultValue: 'Instruction: {task} Query: ',
      description: 'The text put before a sentence that is compared.',
    }),
    passage: t.string({ required: true, defaultValue: '', description: 'The text put before a document.' }),
  }),
});

const [vocabularySize, maxLength, pooling, seed] = newModelSettings.parameters;

type Whole = typeof vocabularySize | typeof maxLength | typeof seed;
const describe = (parameter: Whole): string => `${parameter.description} From ${parameter.min} to ${parameter.max}.`;
const whole = ({ min, max }: Whole) => z.number().int().min(min).max(max);

export const CreateModelInput = builder.inputType('CreateModelInput', {
  description: 'A model from scratch: random weights, and a WordPiece vocabulary trained on imported text.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: 'The name of the model, 1 to 200 characters.',
      validate: nameSchema,
    }),
    family: t.field({
      type: EncoderFamily,
      required: true,
      defaultValue: defaultFamily,
      description: 'The family of the architecture.',
    }),
    architecture: t.field({
      type: ArchitectureInput,
      description: 'The sizes; absent or null ones take their defaults.',
    }),
    vocabularyFrom: t.idList({
      required: true,
      description: 'Ids of the data sets whose train split the vocabulary is trained on.',
    }),
    vocabularySize: t.int({
      required: true,
      defaultValue: vocabularySize.default,
      description: describe(vocabularySize),
      validate: whole(vocabularySize),
    }),
    pooling: t.field({
      type: Pooling,
      required: true,
      defaultValue: pooling.default,
      description: pooling.description,
    }),
    heads: t.field({
      type: HeadsInput,
      required: true,
      defaultValue: noHeads,
      description: 'Which tasks get a last layer of their own.',
    }),
    includePrompt: t.boolean({
      description:
        "Whether the prompt's tokens are pooled too; absent or null means yes for CLS and LASTTOKEN, else no.",
    }),
    templates: t.field({
      type: TemplatesInput,
      required: true,
      defaultValue: templates,
      description: 'The prompt templates by role of a text.',
    }),
    maxLength: t.int({
      required: true,
      defaultValue: maxLength.default,
      description: describe(maxLength),
      validate: whole(maxLength),
    }),
    seed: t.field({
      type: 'Int64',
      required: true,
      defaultValue: seed.default,
      description: describe(seed),
      validate: whole(seed),
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});

const HubModelInput = builder.inputType('HubModelInput', {
  description: 'A model on a Hugging Face hub (HF_ENDPOINT). What was downloaded is kept, and needs no network again.',
  fields: (t) => ({
    repository: t.string({ required: true, description: 'The repository on the hub, as owner/name.' }),
    revision: t.string({
      required: true,
      defaultValue: 'main',
      description: 'Branch, tag or commit. The commit it stands for is recorded as the source of the model.',
    }),
  }),
});

const ModelSourceInput = builder.inputType('ModelSourceInput', {
  description: 'Where a model comes from: exactly one of these fields, the other absent.',
  isOneOf: true,
  fields: (t) => ({
    folder: t.string({
      description:
        'A folder below the import folder: a sentence-transformers model, or a plain encoder of transformers; absent when a hub is given.',
    }),
    hub: t.field({
      type: HubModelInput,
      description: 'A repository to download from the hub; absent when a folder is given.',
    }),
  }),
});

export const ImportModelInput = builder.inputType('ImportModelInput', {
  description: 'A model that another program made. What would change its vectors and is not computed here is refused.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: 'The name of the model, 1 to 200 characters.',
      validate: nameSchema,
    }),
    source: t.field({ type: ModelSourceInput, required: true, description: 'Where the model comes from.' }),
    heads: t.field({
      type: HeadsInput,
      description: 'Which tasks get a last layer of their own; absent or null means none, or those of the folder.',
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});
