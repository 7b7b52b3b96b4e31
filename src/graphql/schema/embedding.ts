/** embed and similarity, and the report that every answer carries that embedded something. */
import { z } from 'zod';
import { embed, similarity } from '../../services/embedding/embed.ts';
import type { EmbedAnswer, EmbeddedText, EmbeddingReport } from '../../services/embedding/types.ts';
import { base64Of } from '../../services/embedding/vectors.ts';
import { builder } from '../builder.ts';
import { TextRole } from '../enums.ts';
import { refs } from '../nouns.ts';
import { CheckpointChoice, checkpointIdOf } from './common.ts';

const { Checkpoint } = refs;

/** `checkpoint`: its row, or its key. */
type ShownReport = Omit<EmbeddingReport, 'checkpoint'> & {
  readonly checkpoint: EmbeddingReport['checkpoint'] | string;
};

export const EmbeddingReportObject = builder.objectRef<ShownReport>('EmbeddingReport').implement({
  description: 'How texts were embedded.',
  fields: (t) => ({
    checkpoint: t.expose('checkpoint', { type: Checkpoint, description: 'The checkpoint that embedded the texts.' }),
    prompt: t.exposeString('prompt', {
      description: 'The prompt that was put before each text; empty if there was none.',
    }),
    tokens: t.expose('tokens', {
      type: 'Int64',
      description: 'The number of tokens of all texts, special tokens and prompts included.',
    }),
    truncated: t.exposeInt('truncated', {
      description: "The number of texts that were cut at the model's longest length.",
    }),
  }),
});

const Embedding = builder.objectRef<EmbeddedText>('Embedding').implement({
  description: 'The vector of one text as the model gives it: of length 1 where the model normalizes.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'The position of the text among the given ones, counted from 0.' }),
    tokens: t.exposeInt('tokens', { description: 'The number of tokens embedded.' }),
    truncated: t.exposeBoolean('truncated', { description: 'Whether the text was cut.' }),
    base64: t.string({
      description: 'The vector as base64 of little-endian 32-bit floats.',
      resolve: ({ vector }) => base64Of(vector),
    }),
    values: t.floatList({
      description: 'The vector as numbers: several times larger than base64.',
      resolve: ({ vector }) => [...vector],
    }),
  }),
});

const EmbedResult = builder.objectRef<EmbedAnswer>('EmbedResult').implement({
  description: 'The vectors of the given texts.',
  fields: (t) => ({
    report: t.expose('report', { type: EmbeddingReportObject, description: 'How the texts were embedded.' }),
    dimensions: t.exposeInt('dimensions', { description: 'The number of values in each vector.' }),
    embeddings: t.field({
      type: [Embedding],
      description: 'One vector per text, in the order of the texts.',
      resolve: (answer) => [...answer.embeddings],
    }),
  }),
});

const TextPair = builder.inputType('TextPair', {
  description: 'Two texts to compare.',
  fields: (t) => ({
    a: t.string({ required: true, description: 'The first text of the pair.' }),
    b: t.string({ required: true, description: 'The second text of the pair.' }),
  }),
});

type Similarities = Awaited<ReturnType<typeof similarity>>;

const SimilarityResult = builder.objectRef<Similarities>('SimilarityResult').implement({
  description: 'The similarity of pairs of texts.',
  fields: (t) => ({
    report: t.expose('report', { type: EmbeddingReportObject, description: 'How the texts were embedded.' }),
    scores: t.floatList({
      description: 'The cosine of each pair, from -1 to 1, in the order of the pairs.',
      resolve: ({ scores }) => [...scores],
    }),
  }),
});

const ModelPromptInput = builder.inputType('ModelPromptInput', {
  description:
    "One of the model's own prompts, as sentence-transformers takes it: texts are embedded unchanged, blank ones too.",
  fields: (t) => ({
    name: t.string({
      description:
        'The name of the prompt; absent or null means the default prompt of the model, or none where it has none.',
    }),
  }),
});

const instruction = 'Task instruction, for the models whose template has a place for it.';

builder.queryFields((t) => ({
  embed: t.field({
    type: EmbedResult,
    description: 'Embeds texts with a checkpoint.',
    args: {
      texts: t.arg.stringList({
        required: true,
        description: 'The texts; none may be empty, unless `prompt` is given.',
      }),
      checkpoint: t.arg({
        type: CheckpointChoice,
        required: true,
        description: 'The checkpoint that embeds the texts.',
      }),
      role: t.arg({
        type: TextRole,
        required: true,
        defaultValue: 'passage',
        description: 'The role whose prompt the texts are given, and whose head embeds them where the model has heads.',
      }),
      prompt: t.arg({
        type: ModelPromptInput,
        description:
          "A prompt in place of the role's prompt and the instruction, not of its head; absent or null means those.",
      }),
      instruction: t.arg.string({ required: true, defaultValue: '', description: instruction }),
      dimensions: t.arg.int({
        description: 'The number of leading components to keep, normalised again; absent or null means all.',
        validate: z.number().int().min(1).nullish(),
      }),
    },
    resolve: async (_root, { checkpoint, ...input }, { tandem, signal }) =>
      embed(tandem, { ...input, checkpointId: await checkpointIdOf(tandem, checkpoint, 'checkpoint') }, signal),
  }),
  similarity: t.field({
    type: SimilarityResult,
    description: 'Compares pairs of texts; both get the STS prompt.',
    args: {
      pairs: t.arg({ type: [TextPair], required: true, description: 'The pairs of texts to compare.' }),
      checkpoint: t.arg({
        type: CheckpointChoice,
        required: true,
        description: 'The checkpoint that embeds the texts.',
      }),
      instruction: t.arg.string({ required: true, defaultValue: '', description: instruction }),
    },
    resolve: async (_root, { checkpoint, ...input }, { tandem, signal }) =>
      similarity(tandem, { ...input, checkpointId: await checkpointIdOf(tandem, checkpoint, 'checkpoint') }, signal),
  }),
}));
