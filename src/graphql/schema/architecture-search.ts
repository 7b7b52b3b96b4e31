/** Searches over architectures: their rungs, candidates and life cycle. */
import type { ArchitectureSearchRow, ArchitectureTrialRow } from '../../db/schema.ts';
import { architectureSearchList } from '../../services/architecture-searches/list.ts';
import { type Candidate, partsOf, type RungView } from '../../services/architecture-searches/parts.ts';
import * as searches from '../../services/architecture-searches/searches.ts';
import { startArchitectureSearch } from '../../services/architecture-searches/start.ts';
import type { ArchitectureConfiguration } from '../../train/architecture-search/types.ts';
import { builder } from '../builder.ts';
import { JobState, Loss, Pooling, RunState, Task } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { defineList } from '../lists/field.ts';
import { lookup } from '../lists/lookup.ts';
import { connections, loadIfThere, refs } from '../nouns.ts';
import { requestLoader } from '../request-loader.ts';
import { SearchKeep, StartArchitectureSearchInput, searchRequest } from './architecture-search-input.ts';
import { Failure } from './failure.ts';
import { HeadsObject } from './heads.ts';
import { DevSetFigures } from './run-dev.ts';
import { RunSettingsObject } from './run-settings.ts';

const { ArchitectureSearch, Checkpoint, Job, Model, Run } = refs;
const { ArchitectureSearch: ArchitectureSearchConnection } = connections;

const LossWeight = builder.objectRef<ArchitectureConfiguration['lossWeights'][number]>('LossWeight').implement({
  description: 'The weight that a configuration gives a loss.',
  fields: (t) => ({
    task: t.expose('task', { type: Task, description: 'The task on whose batches the loss is computed.' }),
    loss: t.expose('loss', { type: Loss, description: 'The loss that the weight is of.' }),
    weight: t.exposeFloat('weight', { description: 'Its weight in the sum.' }),
  }),
});

const ArchitectureTrial = builder.objectRef<ArchitectureTrialRow>('ArchitectureTrial').implement({
  description: 'The run of a candidate at one rung.',
  fields: (t) => ({
    rung: t.exposeInt('rung', { description: 'The number of the rung, counted from 0.' }),
    candidate: t.exposeInt('candidate', { description: 'The number of the candidate.' }),
    steps: t.exposeInt('steps', { description: 'The number of planned updates.' }),
    run: t.field({
      type: Run,
      nullable: true,
      description: 'The run; null once it was deleted.',
      resolve: ({ runId }, _args, context) => (runId === null ? null : loadIfThere<'runs'>(context, 'Run', runId)),
    }),
    outcome: t.expose('outcome', {
      type: RunState,
      nullable: true,
      description: 'The state in which the run ended; null until all runs of its rung have ended.',
    }),
    score: t.exposeFloat('score', {
      nullable: true,
      description:
        'The joint score of its best evaluation on the dev sets, which it is kept by; null before its rung has ended, and of a run that did not succeed.',
    }),
    sets: t.field({
      type: [DevSetFigures],
      description: 'The figures of that evaluation on each dev set; empty where there is no score.',
      resolve: ({ figures }) => [...(figures ?? [])],
    }),
  }),
});

const ArchitectureCandidate = builder.objectRef<Candidate>('ArchitectureCandidate').implement({
  description: 'A configuration of a search with its runs.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'Its number in the draw; 0 is the default configuration.' }),
    innerLayer: t.int({
      nullable: true,
      description: 'The block that the inner-layer loss reads, from 1; null where the run has no such loss.',
      resolve: ({ configuration }) => configuration.innerLayer,
    }),
    lossWeights: t.field({
      type: [LossWeight],
      description: 'The weights of the losses that the space names.',
      resolve: ({ configuration }) => [...configuration.lossWeights],
    }),
    pooling: t.field({
      type: [Pooling],
      description: "How token states become a text's vector.",
      resolve: ({ configuration }) => [...configuration.pooling],
    }),
    heads: t.field({
      type: HeadsObject,
      description: 'The layers of one task each.',
      resolve: ({ configuration }) => configuration.heads,
    }),
    model: t.field({
      type: Model,
      nullable: true,
      description:
        'The model that its runs start from: that of the search, or one derived from it; null until it is derived.',
      resolve: ({ modelId }) => modelId,
    }),
    trials: t.field({
      type: [ArchitectureTrial],
      description: 'Its runs, by rung.',
      resolve: ({ trials }) => [...trials],
    }),
  }),
});

const ArchitectureRung = builder.objectRef<RungView>('ArchitectureRung').implement({
  description: 'A rung of a search: runs of as many updates.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'The number of the rung, counted from 0.' }),
    size: t.exposeInt('size', {
      description: 'The number of candidates that are taken into it; fewer where runs before it did not succeed.',
    }),
    steps: t.exposeInt('steps', { description: 'The number of updates of its runs.' }),
    trials: t.field({
      type: [ArchitectureTrial],
      description:
        'Its runs, by candidate; empty before it begins. The default configuration is run at the last rung in any case.',
      resolve: ({ trials }) => [...trials],
    }),
  }),
});

const parts = requestLoader(partsOf);

ArchitectureSearch.implement({
  description:
    'A search over architectures by successive halving: every configuration is trained for a part of the updates, and the best of them anew for more.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of the search.' }),
    state: t.expose('state', {
      type: JobState,
      description:
        'The state of the search: RUNNING while its models are derived and while runs of it wait or train, INTERRUPTED where one of these runs is or where it was stopped between rungs.',
    }),
    model: t.field({
      type: Model,
      description: 'The model of the default configuration.',
      resolve: ({ modelId }) => modelId,
    }),
    settings: t.expose('settings', {
      type: RunSettingsObject,
      description: 'The settings of the default configuration at the last rung.',
    }),
    seed: t.expose('seed', { type: 'Int64', description: 'The seed of the draw of configurations.' }),
    eta: t.exposeInt('eta', { description: 'Of n candidates n / eta, rounded up, are kept at each rung.' }),
    steps: t.exposeInt('steps', { description: 'The number of updates of a run at the last rung, T.' }),
    keep: t.expose('keep', { type: SearchKeep, description: 'Whose checkpoints are kept.' }),
    candidates: t.field({
      type: [ArchitectureCandidate],
      description: 'The configurations, in the order of the draw.',
      resolve: async (row, _args, context) => [...(await parts(row, context)).candidates],
    }),
    rungs: t.field({
      type: [ArchitectureRung],
      description: 'The rungs, in order.',
      resolve: async (row, _args, context) => [...(await parts(row, context)).rungs],
    }),
    winner: t.field({
      type: ArchitectureCandidate,
      nullable: true,
      description: 'The candidate that halving has kept to the end; null unless the search SUCCEEDED.',
      resolve: async (row, _args, context) => (await parts(row, context)).winner,
    }),
    checkpoint: t.field({
      type: Checkpoint,
      nullable: true,
      description: "The best checkpoint of the winner's last run; null unless the search SUCCEEDED, and once deleted.",
      resolve: ({ checkpointId }, _args, context) =>
        checkpointId === null ? null : loadIfThere<'checkpoints'>(context, 'Checkpoint', checkpointId),
    }),
    job: t.field({
      type: Job,
      description: 'The job that does its work; cancelJob stops it with all of its runs.',
      resolve: ({ id }) => id,
    }),
    error: t.expose('error', {
      type: Failure,
      nullable: true,
      description: 'The error that made it FAILED or INTERRUPTED; null in other states.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the search was requested.' }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it became SUCCEEDED, FAILED or CANCELLED; null in other states.',
    }),
  }),
});

const searchesOf = defineList<ArchitectureSearchRow>(
  architectureSearchList,
  'ArchitectureSearch',
  ArchitectureSearch,
  ArchitectureSearchConnection,
  { enums: { state: JobState } },
);

builder.objectField(Model, 'architectureSearches', (t) =>
  searchesOf.part(t, { edge: 'model', description: 'The searches over architectures from the model, newest first.' }),
);

builder.queryFields((t) => ({
  architectureSearches: searchesOf.whole(t, 'The searches over architectures, newest first.'),
  architectureSearch: lookup(t, 'ArchitectureSearch', 'a search over architectures'),
}));

builder.mutationFields((t) => ({
  startArchitectureSearch: t.field({
    type: ArchitectureSearch,
    description:
      'Starts a search over architectures and answers at once. Its job derives the models of the candidates, then trains them: its runs are ordinary ones, followed with runEvents; jobEvents of its job tells of each rung.',
    args: {
      input: t.arg({
        type: StartArchitectureSearchInput,
        required: true,
        description: 'The run, and what to vary of it.',
      }),
    },
    resolve: async (_root, { input }, { tandem, signal }) =>
      startArchitectureSearch(tandem, await searchRequest(tandem, input), signal),
  }),
  resumeArchitectureSearch: t.field({
    type: ArchitectureSearch,
    description:
      'Continues an interrupted search: resumes its interrupted runs from their last checkpoints. A search in another state is a CONFLICT.',
    args: {
      id: t.arg.id({ required: true, description: 'Id of a search.' }),
      allowDifferentAdapter: t.arg.boolean({
        required: true,
        defaultValue: false,
        description: 'Whether to continue runs on a device other than that of their last attempt.',
      }),
    },
    resolve: (_root, { id, allowDifferentAdapter }, { tandem }) =>
      searches.resume(tandem, keyOf(id, 'ArchitectureSearch', 'id').key, { allowDifferentAdapter }),
  }),
}));
