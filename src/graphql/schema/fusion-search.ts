/** Searches for the best fusion and their candidates. */
import type { SearchSet, SearchTestFigures } from '../../db/schema/types.ts';
import type { FusionCandidateRow, FusionSearchRow } from '../../db/schema.ts';
import { checkpointsIn, textOf } from '../../services/fusion-searches/candidate.ts';
import { candidateList, fusionSearchList } from '../../services/fusion-searches/list.ts';
import { standingsOf } from '../../services/fusion-searches/standings.ts';
import { builder } from '../builder.ts';
import { CandidateOrigin, FusionMethod, JobState, SearchStrategy, Split } from '../enums.ts';
import { defineList } from '../lists/field.ts';
import { lookup } from '../lists/lookup.ts';
import { connections, loadIfThere, refs } from '../nouns.ts';
import { requestLoader } from '../request-loader.ts';
import { pooledSays } from './evaluation.ts';
import { FusionParameters } from './fusion-node.ts';
import { DevSetFigures, JointWeights } from './run-dev.ts';

const { Checkpoint, Dataset, FusionSearch, Job, Model } = refs;
const { FusionSearch: FusionSearchConnection } = connections;

const FusionCandidate = builder.objectRef<FusionCandidateRow>('FusionCandidate').implement({
  description: 'What a search tried: a fusion, or one of its checkpoints as it is.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'In which order it was tried, from 0.' }),
    origin: t.expose('origin', { type: CandidateOrigin, description: 'Why it was tried.' }),
    text: t.string({
      description:
        'What it is in words: the method, the parameters that differ from their defaults, the places of the checkpoints among those of the search, and weights that are not 1.',
      resolve: (row) => textOf(row),
    }),
    method: t.field({
      type: FusionMethod,
      nullable: true,
      description: 'The method of the fusion; null for a checkpoint as it is.',
      resolve: ({ plan }) => plan?.method,
    }),
    parameters: t.field({
      type: FusionParameters,
      nullable: true,
      description: 'The parameters of the method; null for a checkpoint as it is.',
      resolve: ({ plan }) => plan?.parameters,
    }),
    checkpoints: t.intList({
      description: 'The places among the checkpoints of the search, from 0, of those that it is made of.',
      resolve: (row) => checkpointsIn(row),
    }),
    weights: t.floatList({
      nullable: true,
      description: 'What the inputs of the method count, in their order; null where it takes no weights.',
      resolve: ({ plan }) => plan?.weights && [...plan.weights],
    }),
    score: t.exposeFloat('score', {
      nullable: true,
      description: 'The joint score on the dev sets; higher is better. Null where it has none.',
    }),
    ir: t.exposeFloat('ir', {
      nullable: true,
      description: 'The mean nDCG@10 of the dev sets of IR; null without one, or where it has no value.',
    }),
    sts: t.exposeFloat('sts', {
      nullable: true,
      description: 'The mean Spearman of the dev sets of STS; null without one, or where it has no value.',
    }),
    sets: t.field({
      type: [DevSetFigures],
      description: 'The figures on each dev set; empty where it has no score.',
      resolve: ({ figures }) => [...figures],
    }),
    failure: t.exposeString('failure', { nullable: true, description: 'Why it has no score; null if it has one.' }),
    digest: t.exposeString('digest', {
      nullable: true,
      description: 'The sha256 of its weights: equal weights have equal digests. Null where they are not finite.',
    }),
    sameAs: t.exposeInt('sameAs', {
      nullable: true,
      description: 'The number of the earlier candidate with the same weights, whose figures it has; null otherwise.',
    }),
    seconds: t.exposeFloat('seconds', { description: 'The time it took, in seconds.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was evaluated.' }),
  }),
});

const FusionSearchSet = builder.objectRef<SearchSet>('FusionSearchSet').implement({
  description: 'A split of a data set that a search reads.',
  fields: (t) => ({
    dataset: t.field({
      type: Dataset,
      nullable: true,
      description: 'The data set; null once it has been deleted.',
      resolve: ({ datasetId }, _args, context) => loadIfThere<'datasets'>(context, 'Dataset', datasetId),
    }),
    split: t.expose('split', { type: Split, description: 'The split of the data set.' }),
    pooled: t.exposeBoolean('pooled', { description: pooledSays }),
  }),
});

const FusionSearchTest = builder.objectRef<SearchTestFigures>('FusionSearchTest').implement({
  description: 'Figures on the test sets of a search, which were read once, at its end.',
  fields: (t) => ({
    winner: t.field({
      type: [DevSetFigures],
      description: 'The figures of the winner.',
      resolve: ({ winner }) => [...winner],
    }),
    single: t.field({
      type: [DevSetFigures],
      description: 'The figures of the best of the checkpoints as they are.',
      resolve: ({ single }) => [...single],
    }),
  }),
});

FusionSearch.implement({
  description: 'A search for the best fusion of checkpoints by their joint score on dev sets.',
  fields: (t) => ({
    job: t.field({
      type: Job,
      description: 'The job that searches: its state, progress and error.',
      resolve: ({ id }) => id,
    }),
    model: t.field({
      type: Model,
      description: 'The model from which the checkpoints descend.',
      resolve: ({ modelId }) => modelId,
    }),
    checkpoints: t.field({
      type: [Checkpoint],
      nullable: { list: false, items: true },
      description: 'The checkpoints in the order in which they were given; null for one that has been deleted.',
      resolve: ({ request: { checkpointIds } }, _args, context) =>
        Promise.all(checkpointIds.map((id) => loadIfThere<'checkpoints'>(context, 'Checkpoint', id))),
    }),
    base: t.field({
      type: Checkpoint,
      nullable: true,
      description: 'What the deltas are taken from; null for the model as it was made, and once it has been deleted.',
      resolve: ({ request: { baseId } }, _args, context) =>
        baseId === null ? null : loadIfThere<'checkpoints'>(context, 'Checkpoint', baseId),
    }),
    devSets: t.field({
      type: [FusionSearchSet],
      description: 'What it chooses by.',
      resolve: ({ request }) => [...request.devSets],
    }),
    testSets: t.field({
      type: [FusionSearchSet],
      description: 'What it reads once, at its end.',
      resolve: ({ request }) => [...request.testSets],
    }),
    weights: t.field({
      type: JointWeights,
      description: 'The weights of the tasks in the joint score.',
      resolve: ({ request }) => request.weights,
    }),
    strategy: t.field({
      type: SearchStrategy,
      description: 'How it chooses what to try.',
      resolve: ({ request }) => request.strategy,
    }),
    methods: t.field({
      type: [FusionMethod],
      description: 'The methods that it tries.',
      resolve: ({ request }) => [...request.methods],
    }),
    budget: t.int({
      description: 'The number of candidates that it tries at most.',
      resolve: ({ request }) => request.budget,
    }),
    minutes: t.float({
      nullable: true,
      description: 'The minutes after which no candidate is begun, summed over the candidates; null means no limit.',
      resolve: ({ request }) => request.minutes,
    }),
    seed: t.field({ type: 'Int64', description: 'The seed of what it draws.', resolve: ({ request }) => request.seed }),
    test: t.expose('test', {
      type: FusionSearchTest,
      nullable: true,
      description: 'The figures on the test sets; null before its end, and where none are named.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the search was requested.' }),
  }),
});

const standings = requestLoader(standingsOf);

/** Its candidates, and where they stand. */
builder.objectFields(FusionSearch, (t) => ({
  winner: t.field({
    type: FusionCandidate,
    nullable: true,
    description:
      'The candidate with the highest joint score so far, of equal ones the first (of equal greedy soups the last); null before the first.',
    resolve: async (row, _args, context) => (await standings(row, context)).winner,
  }),
  single: t.field({
    type: FusionCandidate,
    nullable: true,
    description: 'The best of the checkpoints as they are; null before the first.',
    resolve: async (row, _args, context) => (await standings(row, context)).single,
  }),
  front: t.field({
    type: [FusionCandidate],
    description:
      'The Pareto front so far, by descending IR: the candidates that no other one beats, which would be at least as good at both tasks and better at one. Of equal ones the first.',
    resolve: async (row, _args, context) => [...(await standings(row, context)).front],
  }),
}));

const searchesOf = defineList<FusionSearchRow>(fusionSearchList, 'FusionSearch', FusionSearch, FusionSearchConnection, {
  enums: { state: JobState, strategy: SearchStrategy },
});
const candidatesOf = defineList<FusionCandidateRow>(
  candidateList,
  'FusionCandidate',
  FusionCandidate,
  builder.connectionObject({ type: FusionCandidate, name: 'FusionSearchCandidatesConnection' }),
  { enums: { origin: CandidateOrigin, method: FusionMethod } },
);

builder.objectField(FusionSearch, 'candidates', (t) =>
  candidatesOf.part(t, {
    edge: 'search',
    description: 'What it has tried so far, in that order unless another is asked for.',
  }),
);
builder.objectField(Model, 'fusionSearches', (t) =>
  searchesOf.part(t, { edge: 'model', description: 'The searches for a fusion of its checkpoints, newest first.' }),
);

builder.queryFields((t) => ({
  fusionSearches: searchesOf.whole(t, 'The searches for a fusion, newest first.'),
  fusionSearch: lookup(t, 'FusionSearch', 'a search for a fusion'),
}));
