/** importDataset and deleteDataset. */
import { z } from 'zod';
import { importerCatalog } from '../../data/importers/catalog.ts';
import * as datasets from '../../services/datasets/datasets.ts';
import { importDataset } from '../../services/datasets/import.ts';
import { builder } from '../builder.ts';
import { parametersInput } from '../catalog-inputs.ts';
import { Importer, Split, Task } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { refs } from '../nouns.ts';
import { deletedPayload, idempotencyKey, nameSchema } from './common.ts';

const { Dataset, Job } = refs;

const ImportOptions = parametersInput('ImportOptions', 'Import', "An importer's parameters.", importerCatalog);

const TextPartsInput = builder.inputType('TextPartsInput', {
  description: 'A text with its instructions.',
  fields: (t) => ({
    taskInstruction: t.string({
      required: true,
      defaultValue: '',
      description: 'Instruction of the task; enters the prompt.',
    }),
    instruction: t.string({ required: true, defaultValue: '', description: 'Instruction of this one text.' }),
    text: t.string({ required: true, description: 'The text itself.' }),
  }),
});

const GradedTextInput = builder.inputType('GradedTextInput', {
  description: 'A text with its grade.',
  fields: (t) => ({
    text: t.field({ type: TextPartsInput, required: true, description: 'The text itself.' }),
    score: t.float({ description: 'Raw grade on the scale of the import; absent = no grade.' }),
  }),
});

const RecordInput = builder.inputType('RecordInput', {
  description: 'One record: a query with its passages, or a pair of sentences with its grade.',
  fields: (t) => ({
    task: t.field({
      type: Task,
      required: true,
      description: 'What it teaches; the same in all records of an import.',
    }),
    split: t.field({
      type: Split,
      description: 'The split of the record; if absent or null in all records, splits are drawn from a seed.',
    }),
    query: t.field({ type: TextPartsInput, required: true, description: 'The query, or the first sentence.' }),
    positives: t.field({
      type: [GradedTextInput],
      required: true,
      description: 'Relevant passages, or the partner with its grade.',
    }),
    negatives: t.field({
      type: [GradedTextInput],
      required: true,
      defaultValue: [],
      description: 'The hard negatives of the query.',
    }),
  }),
});

const SampleInput = builder.inputType('SampleInput', {
  description: "Tandem's own sample data: a factory's maintenance notes, made by a seeded grammar.",
  fields: (t) => ({
    task: t.field({ type: Task, required: true, description: 'IR or STS data.' }),
    seed: t.field({
      type: 'Int64',
      required: true,
      defaultValue: 1,
      description: 'Seed of the grammar, from 0 to 4294967295.',
      validate: z.number().int().min(0).max(4_294_967_295),
    }),
  }),
});

const ImportSource = builder.inputType('ImportSource', {
  description: 'Where the records are; exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    path: t.string({
      description: 'A file or folder inside the import folder (`system.importFolder`), relative to it.',
    }),
    records: t.field({ type: [RecordInput], description: 'The records themselves.' }),
    sample: t.field({ type: SampleInput, description: 'Sample data that Tandem makes.' }),
  }),
});

const ImportDatasetInput = builder.inputType('ImportDatasetInput', {
  description: 'What to import, and how to read it.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: 'Name of the data set, 1 to 200 characters; importing other content under it makes a new version.',
      validate: nameSchema,
    }),
    source: t.field({ type: ImportSource, required: true, description: 'Where the records are.' }),
    importer: t.field({
      type: Importer,
      required: true,
      defaultValue: 'codiemb-jsonl',
      description: 'How a path is read; records and samples need none.',
    }),
    options: t.field({ type: ImportOptions, description: "The importer's parameters." }),
    scaleLow: t.float({ required: true, defaultValue: 0, description: 'Raw grade that becomes 0.' }),
    scaleHigh: t.float({ required: true, defaultValue: 1, description: 'Raw grade that becomes 1 (STS-B: 5).' }),
    idempotencyKey: idempotencyKey(t),
  }),
});

const ImportDatasetPayload = builder
  .objectRef<Awaited<ReturnType<typeof importDataset>>>('ImportDatasetPayload')
  .implement({
    description: 'What importDataset did.',
    fields: (t) => ({
      dataset: t.expose('dataset', { type: Dataset, description: 'The data set.' }),
      reused: t.exposeBoolean('reused', { description: 'True = an equal import of this name was there already.' }),
      job: t.expose('job', { type: Job, description: 'The job that did it.' }),
    }),
  });

const DeleteDatasetPayload = deletedPayload('DeleteDatasetPayload', 'data set');

builder.mutationFields((t) => ({
  importDataset: t.field({
    type: ImportDatasetPayload,
    description:
      'Imports a data set and waits until it is there; its job tells progress meanwhile. Every line is checked; of a refused import nothing stays. An import equal to one of the same name is reused.',
    args: { input: t.arg({ type: ImportDatasetInput, required: true, description: 'What and how.' }) },
    resolve: (_root, { input }, { tandem }) => importDataset(tandem, input),
  }),
  deleteDataset: t.field({
    type: DeleteDatasetPayload,
    description: 'Deletes a data set version and its evaluations; CONFLICT names the runs that use it.',
    args: { id: t.arg.id({ required: true, description: 'Id of a data set.' }) },
    resolve: async (_root, { id }, { tandem }) => {
      await datasets.remove(tandem, keyOf(id, 'Dataset', 'id').key);
      return { deletedId: id };
    },
  }),
}));
