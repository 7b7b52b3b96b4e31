/** Data sets: immutable versions of imported records. */
import type { TextTriple } from '../../data/types.ts';
import * as datasets from '../../services/datasets/datasets.ts';
import type { CorpusDocumentView, GradedText, RecordView } from '../../services/datasets/types.ts';
import { builder } from '../builder.ts';
import { connect } from '../connection.ts';
import { Importer, Split, Task } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { connections, refs } from '../nouns.ts';
import { orderInput } from './common.ts';

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
      args: { split: t.arg({ type: Split, required: true, description: 'The split of the data set.' }) },
      resolve: (row, args, context) =>
        connect<RecordView>(args, context, (window) => datasets.records(context.tandem, row, args.split, window)),
    }),
    documents: t.connection({
      type: CorpusDocument,
      description: 'The corpus that an IR evaluation of one split searches.',
      args: { split: t.arg({ type: Split, required: true, description: 'The split of the data set.' }) },
      resolve: (row, args, context) =>
        connect<CorpusDocumentView>(args, context, (window) =>
          datasets.documents(context.tandem, row, args.split, window),
        ),
    }),
  }),
});

const DatasetFilter = builder.inputType('DatasetFilter', {
  description: 'Conditions that a data set must meet; absent fields do not restrict.',
  fields: (t) => ({
    name: t.string({ description: 'Only data sets with exactly this name; absent or null means any name.' }),
    task: t.field({ type: Task, description: 'Only data sets of this task; absent or null means any task.' }),
    domain: t.string({ description: 'Only data sets with exactly this domain; absent or null means any.' }),
    language: t.string({ description: 'Only data sets with exactly this language tag; absent or null means any.' }),
    derivedFrom: t.string({
      description: 'Only data sets that say they are derived from the one of this name; absent or null means any.',
    }),
    digest: t.string({ description: 'Only data sets with this digest; absent or null means any digest.' }),
  }),
});

const DatasetOrderField = builder.enumType('DatasetOrderField', {
  description: 'What data sets are ordered by.',
  values: {
    CREATED_AT: { value: 'createdAt', description: 'When they were imported.' },
    NAME: { value: 'name', description: 'The name, then the version.' },
    BYTES: { value: 'bytes', description: 'The size in bytes.' },
  } as const,
});

const DatasetOrder = orderInput('DatasetOrder', DatasetOrderField, 'Order of data sets.');

builder.queryFields((t) => ({
  datasets: t.connection(
    {
      type: Dataset,
      description: 'The imported data sets, newest first.',
      args: {
        filter: t.arg({
          type: DatasetFilter,
          description: 'Conditions that the items must meet; absent or null means all.',
        }),
        orderBy: t.arg({
          type: DatasetOrder,
          description: 'The order of the items; absent or null means newest first.',
        }),
      },
      resolve: (_root, args, context) =>
        connect(args, context, (window) => datasets.list(context.tandem, args, window)),
    },
    DatasetConnection,
  ),
  dataset: t.field({
    type: Dataset,
    nullable: true,
    description: 'One data set; null, with the error NOT_FOUND, if there is none.',
    args: { id: t.arg.id({ required: true, description: 'Id of a data set.' }) },
    resolve: (_root, { id }) => keyOf(id, 'Dataset', 'id').key,
  }),
}));
