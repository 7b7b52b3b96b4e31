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

export const EmbeddingReportObject = builder.objectRef<EmbeddingReport>('EmbeddingReport').implement({
  description: 'How texts were embedded.',
  fields: (t) => ({
    checkpoint: t.expose('checkpoint', { type: Checkpoint, description: 'What embedded them.' }),
    prompt: t.exposeString('prompt', { description: 'What was put before each text; empty = nothing.' }),
    tokens: t.expose('tokens', {
      type: 'Int64',
      description: 'Tokens of all texts, special tokens and prompts included.',
    }),
    truncated: t.exposeInt('truncated', { description: "How many texts were cut at the model's longest length." }),
  }),
});

const Embedding = builder.objectRef<EmbeddedText>('Embedding').implement({
  description: 'The vector of one text as the model gives it: of length 1 where the model normalizes.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'Which of the texts, from 0.' }),
    tokens: t.exposeInt('tokens', { description: 'The number of tokens embedded.' }),
    truncated: t.exposeBoolean('truncated', { description: 'True = it was cut.' }),
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
  description: 'Vectors of texts.',
  fields: (t) => ({
    report: t.expose('report', { type: EmbeddingReportObject, description: 'How they were embedded.' }),
    dimensions: t.exposeInt('dimensions', { description: 'Length of each vector.' }),
    embeddings: t.field({
      type: [Embedding],
      description: 'One per text, in order.',
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
  description: 'How similar pairs are.',
  fields: (t) => ({
    report: t.expose('report', { type: EmbeddingReportObject, description: 'How the texts were embedded.' }),
    scores: t.floatList({
      description: 'Cosine of each pair, from -1 to 1, in order.',
      resolve: ({ scores }) => [...scores],
    }),
  }),
});

const ModelPromptInput = builder.inputType('ModelPromptInput', {
  description:
    "One of the model's own prompts, as sentence-transformers takes it: the text goes in as it stands, a blank one too.",
  fields: (t) => ({
    name: t.string({ description: 'Its name; absent = the default prompt of the model, or none where it has none.' }),
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
        description: 'Which prompt they are given.',
      }),
      prompt: t.arg({ type: ModelPromptInput, description: "In place of the role's prompt and the instruction." }),
      instruction: t.arg.string({ required: true, defaultValue: '', description: instruction }),
      dimensions: t.arg.int({
        description: 'Keep only so many leading components, normalised again; absent = all.',
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
