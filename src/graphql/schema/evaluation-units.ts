/** What each query or pair of an evaluation got: fields of Evaluation. */
import { type QueryFigure as QueryFigureName, queryFigures } from '../../evaluation/units/types.ts';
import * as units from '../../services/evaluations/units.ts';
import { builder } from '../builder.ts';
import { namedEnum } from '../enums.ts';
import { connect } from '../lists/connection.ts';
import { offsetArgument } from '../lists/field.ts';
import { refs } from '../nouns.ts';
import { orderInput } from './common.ts';
import { TextParts } from './dataset.ts';
import { Metric } from './evaluation.ts';

const { Evaluation } = refs;

export const QueryFigure = namedEnum<QueryFigureName>(
  'QueryFigure',
  "A figure of one query, by trec_eval's definitions.",
  {
    ndcg_at_10: 'nDCG of the first 10 documents, the main figure.',
    ndcg_at_100: 'nDCG of the first 100 documents.',
    map: 'Average precision of the first 1000 documents.',
    mrr: 'Reciprocal rank of the first relevant document among the first 1000.',
    recall_at_10: 'Share of the relevant documents that are among the first 10.',
    recall_at_100: 'Share of the relevant documents that are among the first 100.',
    recall_at_1000: 'Share of the relevant documents that are among the first 1000.',
    precision_at_10: 'Share of the first 10 documents that are relevant.',
  },
);

const QueryHit = builder.objectRef<units.HitView>('QueryHit').implement({
  description: 'A document that the search for a query found.',
  fields: (t) => ({
    rank: t.exposeInt('rank', { description: 'The rank of the document, from 1.' }),
    key: t.exposeString('id', { description: "The document's own id in its data set." }),
    score: t.exposeFloat('score', { description: 'The cosine of the document with the query.' }),
    grade: t.exposeFloat('grade', {
      description: 'The relevance of the document to the query; 0 if it is not relevant, or nobody judged it.',
    }),
    text: t.field({
      type: TextParts,
      description: 'The document itself.',
      resolve: async ({ texts, document }) => (await texts.document(document)).text,
    }),
  }),
});

const EvaluatedQuery = builder.objectRef<units.QueryView>('EvaluatedQuery').implement({
  description: 'A query of an evaluation.',
  fields: (t) => ({
    key: t.string({ description: "The query's own id in its data set.", resolve: (row) => row.units.ids[row.at]! }),
    metrics: t.field({
      type: [Metric],
      description: 'The figures of the query, whose means are those of the evaluation.',
      resolve: ({ units: { values }, at }) =>
        queryFigures.map((name) => ({ name, value: values[name][at]!, undefinedReason: null })),
    }),
    text: t.field({
      type: TextParts,
      description: 'The query itself.',
      resolve: async ({ texts, units: { records }, at }) => (await texts.record(records[at]!)).query,
    }),
    hits: t.field({
      type: [QueryHit],
      description: 'The first 10 documents, the best first.',
      resolve: units.hitsOf,
    }),
  }),
});

const EvaluatedPair = builder.objectRef<units.PairView>('EvaluatedPair').implement({
  description: 'A pair of an evaluation.',
  fields: (t) => ({
    key: t.string({ description: "The pair's own id in its data set.", resolve: (row) => row.units.ids[row.at]! }),
    cosine: t.float({ description: 'The cosine of the two texts.', resolve: (row) => row.units.cosines[row.at]! }),
    grade: t.float({ description: 'The grade of the pair from 0 to 1.', resolve: (row) => row.units.grades[row.at]! }),
    first: t.field({
      type: TextParts,
      description: 'The first text.',
      resolve: async ({ texts, units: { records }, at }) => (await texts.record(records[at]!)).query,
    }),
    second: t.field({
      type: TextParts,
      description: 'The second text.',
      resolve: async ({ texts, units: { records }, at }) => (await texts.record(records[at]!)).positives[0]!,
    }),
  }),
});

const EvaluatedQueryOrder = orderInput(
  'EvaluatedQueryOrder',
  QueryFigure,
  'Order of the queries of an evaluation; of equal figures the earlier record comes first.',
  'The figure to order by.',
);

const EvaluatedPairOrderField = namedEnum<units.PairOrderField>(
  'EvaluatedPairOrderField',
  'What pairs are ordered by.',
  { cosine: 'The cosine of the two texts.', grade: 'The grade of the pair.' },
);

const EvaluatedPairOrder = orderInput(
  'EvaluatedPairOrder',
  EvaluatedPairOrderField,
  'Order of the pairs of an evaluation; of equal values the earlier record comes first.',
  'The value to order by.',
);

builder.objectFields(Evaluation, (t) => ({
  unitsMissing: t.string({
    nullable: true,
    description:
      'Why neither queries nor pairs are there, as of evaluations that older versions made; null if they are.',
    resolve: units.unitsMissing,
  }),
  queries: t.connection({
    type: EvaluatedQuery,
    nullable: true,
    description: 'The queries of an evaluation of IR; null for STS, and where unitsMissing says why.',
    args: {
      orderBy: t.arg({
        type: EvaluatedQueryOrder,
        description: 'The order of the queries; absent or null means that of the records.',
      }),
      key: t.arg.string({ description: 'Only the query with this id; absent or null means all.' }),
      offset: offsetArgument(t),
    },
    resolve: (row, args, context) => {
      const source = units.queries(context.tandem, row, args);
      return source && connect(args, context, source);
    },
  }),
  pairs: t.connection({
    type: EvaluatedPair,
    nullable: true,
    description: 'The pairs of an evaluation of STS; null for IR, and where unitsMissing says why.',
    args: {
      orderBy: t.arg({
        type: EvaluatedPairOrder,
        description: 'The order of the pairs; absent or null means that of the records.',
      }),
      key: t.arg.string({ description: 'Only the pair with this id; absent or null means all.' }),
      offset: offsetArgument(t),
    },
    resolve: (row, args, context) => {
      const source = units.pairs(context.tandem, row, args);
      return source && connect(args, context, source);
    },
  }),
}));
