/** Data sets: immutable versions of imported records. */
import type { TextTriple } from '../../data/types.ts';
import type { DatasetRow } from '../../db/schema.ts';
import { datasetList } from '../../services/datasets/list.ts';
import { documentSource, recordSource } from '../../services/datasets/records.ts';
import type { CorpusDocumentView, GradedText, RecordView } from '../../services/datasets/types.ts';
import { builder } from '../builder.ts';
import { Importer, Split, Task } from '../enums.ts';
import { connect } from '../lists/connection.ts';
import { defineList, offsetArgument } from '../lists/field.ts';
import { lookup } from '../lists/lookup.ts';
import { connections, refs } from '../nouns.ts';

const { Dataset } = refs;
const { Dataset: DatasetConnection } = connections;

const CountedWarning = builder.objectRef<{ message: string; count: number }>('CountedWarning').implement({
  description: 'A warning of an import, with the number of its occurrences.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'The warning as a sentence.' }),
    count: t.exposeInt('count', { description: 'The number of occurrences.' }),
  }),
});

const DatasetSplit = builder
  .objectRef<{ split: 'train' | 'dev' | 'test'; records: number; documents: number }>('DatasetSplit')
  .implement({
    description: 'The size of one split.',
    fields: (t) => ({
      split: t.expose('split', { type: Split, description: 'The split of the data set.' }),
      records: t.exposeInt('records', { description: 'The number of records: queries (IR) or pairs (STS).' }),
      documents: t.exposeInt('documents', {
        description: 'The number of documents that an evaluation searches (IR); 0 for STS.',
      }),
    }),
  });

export const TextParts = builder.objectRef<TextTriple>('TextParts').implement({
  description: 'A text with its instructions, as the unified record keeps it.',
  fields: (t) => ({
    taskInstruction: t.string({
      description: 'The instruction of the task, which enters the prompt.',
      resolve: ([task]) => task,
    }),
    instruction: t.string({ description: 'The instruction of this one text.', resolve: ([, instance]) => instance }),
    text: t.string({ description: 'The text itself.', resolve: ([, , text]) => text }),
  }),
});

const GradedTextObject = builder.objectRef<GradedText>('GradedText').implement({
  description: 'A text with its grade.',
  fields: (t) => ({
    text: t.expose('text', { type: TextParts, description: 'The text itself.' }),
    score: t.exposeFloat('score', { nullable: true, description: 'The grade from 0 to 1; null if the text has none.' }),
    teacherScore: t.exposeFloat('teacherScore', {
      nullable: true,
      description: 'What a teacher gives the passage for the query; null if there is none.',
    }),
  }),
});

const DatasetRecord = builder.objectRef<RecordView>('DatasetRecord').implement({
  description: 'One record: a query with its passages, or a pair of sentences with its grade.',
  fields: (t) => ({
    key: t.exposeString('key', { description: "The record's own id in its data set." }),
    split: t.expose('split', { type: Split, description: 'The split it belongs to.' }),
    task: t.expose('task', { type: Task, description: 'The task of the record.' }),
    query: t.expose('query', { type: TextParts, description: 'The query (IR), or the first sentence (STS).' }),
    positives: t.expose('positives', {
      type: [GradedTextObject],
      description: 'The relevant passages (IR), or the second sentence (STS).',
    }),
    negatives: t.expose('negatives', { type: [GradedTextObject], description: 'The hard negatives of the query.' }),
  }),
});

const CorpusDocument = builder.objectRef<CorpusDocumentView>('CorpusDocument').implement({
  description: 'A document of the corpus that an IR evaluation searches.',
  fields: (t) => ({
    key: t.exposeString('key', { description: "The document's own id in its data set." }),
    splits: t.expose('splits', { type: [Split], description: 'The splits whose evaluation searches it.' }),
    text: t.expose('text', { type: TextParts, description: 'The text itself.' }),
  }),
});

const DatasetLineFilter = builder.inputType('DatasetLineFilter', {
  description: 'Conditions on records or documents of a data set, joined by and; each reads the whole split.',
  fields: (t) => ({
    key: t.string({ description: 'Only those with exactly this key; absent or null does not restrict.' }),
    keyIn: t.stringList({
      description: 'Only those with one of these keys; absent or null does not restrict, an empty list matches none.',
    }),
    textContains: t.string({
      description:
        'Only those with this in a text, in any case and any form of its characters; absent or null does not restrict.',
    }),
  }),
});

const lineArguments = (t: Parameters<typeof offsetArgument>[0]) => ({
  split: t.arg({ type: Split, required: true, description: 'The split of the data set.' }),
  filter: t.arg({
    type: DatasetLineFilter,
    description: 'Conditions that the items must meet; absent or null means all.',
  }),
  offset: offsetArgument(t),
});

Dataset.implement({
  description: 'A version of a data set. It never changes; another import of the same name is another version.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the data set.' }),
    version: t.exposeInt('version', { description: 'The version, counted from 1 for each name.' }),
    task: t.expose('task', { type: Task, description: 'The task that it trains and measures.' }),
    digest: t.exposeString('digest', { description: 'The SHA-256 digest of the record file.' }),
    importer: t.expose('importer', { type: Importer, description: 'The importer that read it.' }),
    source: t.exposeString('source', {
      description: 'Where it came from: a path in the import folder, `sample`, `inline`.',
    }),
    domain: t.exposeString('domain', { nullable: true, description: 'What its texts are about; null if not said.' }),
    language: t.exposeString('language', {
      nullable: true,
      description: 'The language of its texts as a BCP 47 tag; null if not said.',
    }),
    derivedFrom: t.stringList({
      description: 'The names of the data sets that its content comes from, as a translation does.',
      resolve: (row) => [...row.derivedFrom],
    }),
    bytes: t.expose('bytes', { type: 'Int64', description: 'The size of the record file in bytes.' }),
    splits: t.field({
      type: [DatasetSplit],
      description: 'The three splits with their sizes.',
      resolve: (row) =>
        (['train', 'dev', 'test'] as const).map((split) => ({
          split,
          records: row.counts[split],
          documents: row.documentCounts[split],
        })),
    }),
    scaleLow: t.float({ description: 'The raw grade that became 0.', resolve: (row) => row.scale[0] }),
    scaleHigh: t.float({ description: 'The raw grade that became 1.', resolve: (row) => row.scale[1] }),
    ignoreIdenticalIds: t.exposeBoolean('ignoreIdenticalIds', {
      description: "Whether an evaluation drops a document whose id is the query's.",
    }),
    warnings: t.field({
      type: [CountedWarning],
      description: 'Warnings of the import, with the number of their occurrences.',
      resolve: (row) => [...row.warnings],
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was imported.' }),
    records: t.connection({
      type: DatasetRecord,
      description: 'The records of one split, in the order of the file.',
      args: lineArguments(t),
      resolve: (row, { split, filter, ...args }, context) =>
        connect(args, context, recordSource(context.tandem, row, split, filter ?? {})),
    }),
    documents: t.connection({
      type: CorpusDocument,
      description: 'The corpus that an IR evaluation of one split searches.',
      args: lineArguments(t),
      resolve: (row, { split, filter, ...args }, context) =>
        connect(args, context, documentSource(context.tandem, row, split, filter ?? {})),
    }),
  }),
});

const datasetsOf = defineList<DatasetRow>(datasetList, 'Dataset', Dataset, DatasetConnection, {
  enums: { task: Task, importer: Importer },
});

builder.queryFields((t) => ({
  datasets: datasetsOf.whole(t, 'The imported data sets, newest first.'),
  dataset: lookup(t, 'Dataset', 'a data set'),
}));
