/** Models: encoders before training. */
import type { ModelRow } from '../../db/schema.ts';
import { encoderCatalog } from '../../model/families/catalog.ts';
import type { DenseActivation, DenseLayer, Similarity as SimilarityName } from '../../model/types.ts';
import { createModel } from '../../services/models/create-model.ts';
import { headsOf } from '../../services/models/derive-model.ts';
import { dropoutOf } from '../../services/models/dropout.ts';
import { importModel } from '../../services/models/import-model.ts';
import { modelList } from '../../services/models/list.ts';
import * as models from '../../services/models/models.ts';
import { builder } from '../builder.ts';
import { parametersObject } from '../catalog-inputs.ts';
import { EncoderFamily, namedEnum, Pooling } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { defineList } from '../lists/field.ts';
import { lookup } from '../lists/lookup.ts';
import { longPayload, madeField, waitArg } from '../long.ts';
import { connections, refs } from '../nouns.ts';
import { requestLoader } from '../request-loader.ts';
import { HeadsObject } from './heads.ts';
import { CreateModelInput, ImportModelInput } from './model-inputs.ts';

const { Checkpoint, Model } = refs;
const { Model: ModelConnection } = connections;

const Templates = builder.objectRef<{ query: string; sts: string; passage: string }>('PromptTemplates').implement({
  description: 'What is put before a text of each role. `{task}` stands for the task instruction; empty = nothing.',
  fields: (t) => ({
    query: t.exposeString('query', { description: 'The text put before a search query.' }),
    sts: t.exposeString('sts', { description: 'The text put before a sentence that is compared.' }),
    passage: t.exposeString('passage', { description: 'The text put before a document.' }),
  }),
});

const Activation = namedEnum<DenseActivation>('Activation', 'The activation function after a dense layer.', {
  tanh: 'The hyperbolic tangent.',
  identity: 'No activation, the identity.',
});

const Similarity = namedEnum<SimilarityName>('Similarity', 'A measure by which two vectors are compared.', {
  cosine: 'The cosine of their angle.',
  dot: 'The inner product of the vectors.',
  euclidean: 'The negated Euclidean distance of the vectors.',
  manhattan: 'The negated Manhattan distance of the vectors.',
});

const Dense = builder.objectRef<DenseLayer>('DenseLayer').implement({
  description: 'A dense layer behind pooling.',
  fields: (t) => ({
    inFeatures: t.exposeInt('inFeatures', { description: 'The number of input channels.' }),
    outFeatures: t.exposeInt('outFeatures', { description: 'The number of output channels.' }),
    bias: t.exposeBoolean('bias', { description: 'Whether a bias is added.' }),
    activation: t.expose('activation', { type: Activation, description: 'The activation function after the layer.' }),
  }),
});

const NamedPrompt = builder.objectRef<{ name: string; text: string }>('NamedPrompt').implement({
  description: 'A prompt by its name.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the prompt.' }),
    text: t.exposeString('text', { description: 'The text that is put before a text.' }),
  }),
});

const Architecture = parametersObject(
  'Architecture',
  'Architecture',
  "An encoder's sizes; null where the family has no such size.",
  encoderCatalog,
);

/** Of a model, by its id. */
const initialCheckpointOf = requestLoader(models.initialCheckpoints);

Model.implement({
  description: 'An encoder before any training: theta_0 of its runs. Trained weights are checkpoints.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the model.' }),
    family: t.expose('family', { type: EncoderFamily, description: 'The family of the architecture.' }),
    architecture: t.field({
      type: Architecture,
      description: 'The sizes of the architecture.',
      resolve: (row) => row.architecture,
    }),
    digest: t.exposeString('digest', { description: 'The SHA-256 digest of the folder.' }),
    bytes: t.expose('bytes', { type: 'Int64', description: 'The size of the folder in bytes.' }),
    dimension: t.exposeInt('dimension', { description: 'The number of values in its vectors.' }),
    layers: t.exposeInt('layers', { description: 'The number of transformer blocks.' }),
    parameters: t.expose('parameters', { type: 'Int64', description: 'The number of weights.' }),
    vocabularySize: t.exposeInt('vocabularySize', { description: 'The number of tokens in its vocabulary.' }),
    maxLength: t.exposeInt('maxLength', { description: 'Longest text in tokens; longer ones are cut.' }),
    pooling: t.field({
      type: [Pooling],
      description: "How token states become a text's vector; the vectors of several are joined in this order.",
      resolve: (row) => [...row.pooling],
    }),
    dense: t.field({
      type: [Dense],
      description: 'Layers between pooling and the vector, in order. They are trained too.',
      resolve: (row) => [...row.pipeline.dense],
    }),
    heads: t.field({ type: HeadsObject, description: 'Its layers for one task each.', resolve: headsOf }),
    normalize: t.boolean({
      description: 'Whether its vectors have length 1. Losses, search and similarity take the cosine either way.',
      resolve: (row) => row.pipeline.normalize,
    }),
    similarity: t.field({
      type: Similarity,
      description: 'The measure by which sentence-transformers compares its vectors.',
      resolve: (row) => row.pipeline.similarity,
    }),
    lowerCase: t.boolean({
      description: 'Whether texts are lowercased first.',
      resolve: (row) => row.pipeline.lowerCase,
    }),
    prompts: t.field({
      type: [NamedPrompt],
      description: 'Its prompts by name, as sentence-transformers offers them.',
      resolve: (row) => Object.entries(row.pipeline.prompts).map(([name, text]) => ({ name, text })),
    }),
    defaultPromptName: t.string({
      nullable: true,
      description:
        'The name of the prompt that sentence-transformers takes where none is named; null if it takes none.',
      resolve: (row) => row.pipeline.defaultPromptName,
    }),
    dropout: t.float({
      nullable: true,
      description:
        'The probability of dropping an activation in its runs where settings.dropout is absent, from its config.json; null if that has several, so that a run has to name one.',
      resolve: (row) => dropoutOf(row).dropout,
    }),
    attentionDropout: t.float({
      description:
        'The probability of dropping an attention weight in its runs where settings.attentionDropout is absent, from its config.json.',
      resolve: (row) => dropoutOf(row).attentionDropout,
    }),
    includePrompt: t.exposeBoolean('includePrompt', { description: "Whether the prompt's tokens are pooled too." }),
    templates: t.expose('templates', { type: Templates, description: 'The prompt templates by role of a text.' }),
    source: t.exposeString('source', {
      description:
        'Where it came from: `scratch`, a folder, a repository of a hub with its commit, or `model:` and the name of the model that it was derived from.',
    }),
    seed: t.expose('seed', {
      type: 'Int64',
      nullable: true,
      description: 'The seed of its weights; null for an imported model, and for one derived from such a model.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the model was made.' }),
    checkpoint: t.field({
      type: Checkpoint,
      description: 'Its untrained weights as a checkpoint.',
      resolve: (row, _args, context) => initialCheckpointOf(row.id, context),
    }),
  }),
});

const modelsOf = defineList<ModelRow>(modelList, 'Model', Model, ModelConnection, { enums: { family: EncoderFamily } });

builder.queryFields((t) => ({
  models: modelsOf.whole(t, 'The models, newest first.'),
  model: lookup(t, 'Model', 'a model'),
}));

const CreateModelPayload = longPayload('CreateModelPayload', 'create-model', {
  description: 'The result of createModel.',
  job: 'The job that made it.',
  made: ([done]) => ({ model: done?.id }),
  fields: (t) => ({
    model: t.expose('model', { type: Model, ...madeField('The model that was made.') }),
  }),
});

const ImportModelPayload = longPayload('ImportModelPayload', 'import-model', {
  description: 'The result of importModel.',
  job: 'The job that made it.',
  made: ([done]) => ({ model: done?.id, warnings: [...(done?.answer?.warnings ?? [])] }),
  fields: (t) => ({
    model: t.expose('model', { type: Model, ...madeField('The model that was made.') }),
    warnings: t.exposeStringList(
      'warnings',
      madeField('What other programs read otherwise of this model, and what was left out, as sentences.'),
    ),
  }),
});

builder.mutationFields((t) => ({
  createModel: t.field({
    type: CreateModelPayload.ref,
    description: 'Makes a model from scratch and returns when it is done; its job reports the progress meanwhile.',
    args: {
      input: t.arg({ type: CreateModelInput, required: true, description: 'The model to make.' }),
      wait: waitArg(t.arg),
    },
    resolve: async (_root, { input, wait }, { tandem }) => {
      const vocabularyFrom = input.vocabularyFrom.map((id, i) => keyOf(id, 'Dataset', `input.vocabularyFrom.${i}`).key);
      return CreateModelPayload.answer(tandem, wait, await createModel(tandem, { ...input, vocabularyFrom }));
    },
  }),
  importModel: t.field({
    type: ImportModelPayload.ref,
    description:
      'Imports a model with its tokenizer, pooling, dense layers and prompts, and returns when it is done; its job reports the progress meanwhile.',
    args: {
      input: t.arg({ type: ImportModelInput, required: true, description: 'The model to import.' }),
      wait: waitArg(t.arg),
    },
    resolve: async (_root, { input, wait }, { tandem }) =>
      ImportModelPayload.answer(tandem, wait, await importModel(tandem, input)),
  }),
}));
