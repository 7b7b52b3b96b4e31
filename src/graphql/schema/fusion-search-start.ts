/** startFusionSearch and fuseCandidate. */
import { z } from 'zod';
import type { FusionSearchRow } from '../../db/schema.ts';
import { fuseCandidate, startFusionSearch } from '../../services/fusion-searches/start.ts';
import { builder } from '../builder.ts';
import { FusionMethod, SearchStrategy } from '../enums.ts';
import { keyOf } from '../ids.ts';
import { waitArg } from '../long.ts';
import { refs } from '../nouns.ts';
import { CheckpointChoice, checkpointIdOf, idempotencyKey } from './common.ts';
import { pooledSays } from './evaluation.ts';
import { FusePayload } from './fusion.ts';
import { DevSetInput, JointWeightsInput } from './run-dev.ts';

const { FusionSearch } = refs;

const TestSetInput = builder.inputType('TestSetInput', {
  description: 'A data set whose test split is read once, at the end of a search.',
  fields: (t) => ({
    dataset: t.id({ required: true, description: 'Id of a data set.' }),
    pooled: t.boolean({ required: true, defaultValue: false, description: pooledSays }),
  }),
});

const StartFusionSearchInput = builder.inputType('StartFusionSearchInput', {
  description: 'What to search over, by what to choose, and how long.',
  fields: (t) => ({
    checkpoints: t.idList({ required: true, description: 'Ids of two or more checkpoints of one lineage.' }),
    base: t.field({
      type: CheckpointChoice,
      description:
        'What the deltas are taken from: any checkpoint from which all of them descend. Absent or null means the model.',
    }),
    devSets: t.field({
      type: [DevSetInput],
      required: true,
      description: 'The splits to choose by, at least one; test splits are refused.',
    }),
    testSets: t.field({
      type: [TestSetInput],
      required: true,
      defaultValue: [],
      description:
        'The data sets whose test splits are read at the end, for the winner and for the best of the checkpoints as they are.',
    }),
    weights: t.field({
      type: JointWeightsInput,
      description:
        'The weights of the tasks in the joint score. Absent or null means 0.5 and 0.5 where there are dev sets of both, and 1 for the one task otherwise.',
    }),
    strategy: t.field({
      type: SearchStrategy,
      required: true,
      defaultValue: 'coordinate',
      description: 'How to choose what to try.',
    }),
    methods: t.field({
      type: [FusionMethod],
      description: 'The methods to search over; absent or null means all. Greedy soup needs none.',
    }),
    budget: t.int({
      required: true,
      defaultValue: 30,
      description:
        'The number of candidates, the checkpoints as they are included: more than there are of these; from 3 to 2000.',
      validate: z.number().int().min(3).max(2_000),
    }),
    minutes: t.float({
      description:
        'The minutes after which no candidate is begun, summed over the candidates; the number that is reached then differs from machine to machine. Absent or null means no limit.',
      validate: z.number().positive().max(1_000_000).nullish(),
    }),
    seed: t.field({
      type: 'Int64',
      required: true,
      defaultValue: 1,
      description: 'The seed of what is drawn, from 0.',
      validate: z.number().int().min(0),
    }),
    idempotencyKey: idempotencyKey(t),
  }),
});

const StartFusionSearchPayload = builder
  .objectRef<{ readonly search: FusionSearchRow }>('StartFusionSearchPayload')
  .implement({
    description: 'The search that was queued.',
    fields: (t) => ({
      search: t.expose('search', { type: FusionSearch, description: 'The search, as it was queued or found.' }),
    }),
  });

const FuseCandidateInput = builder.inputType('FuseCandidateInput', {
  description: 'A candidate of a search that becomes a checkpoint.',
  fields: (t) => ({
    search: t.id({ required: true, description: 'Id of a search for a fusion.' }),
    candidate: t.int({ description: 'The number of the candidate; absent or null means the winner so far.' }),
    idempotencyKey: idempotencyKey(t),
  }),
});

builder.mutationFields((t) => ({
  startFusionSearch: t.field({
    type: StartFusionSearchPayload,
    description:
      'Queues a search for the best fusion of checkpoints and returns at once; jobEvents tells how far it is. It goes on by itself after a restart of the server, from the candidates that it has, and so does one that was cancelled, when its idempotencyKey is sent again. Candidates are evaluated in memory and written nowhere.',
    args: { input: t.arg({ type: StartFusionSearchInput, required: true, description: 'What to search over.' }) },
    resolve: async (_root, { input }, { tandem }) => ({
      search: await startFusionSearch(tandem, {
        ...input,
        checkpointIds: input.checkpoints.map((id, i) => keyOf(id, 'Checkpoint', `input.checkpoints.${i}`).key),
        baseId: input.base ? await checkpointIdOf(tandem, input.base, 'input.base') : null,
        devSets: input.devSets.map(({ dataset, ...set }, i) => ({
          ...set,
          datasetId: keyOf(dataset, 'Dataset', `input.devSets.${i}.dataset`).key,
        })),
        testSets: input.testSets.map(({ dataset, pooled }, i) => ({
          pooled,
          datasetId: keyOf(dataset, 'Dataset', `input.testSets.${i}.dataset`).key,
        })),
      }),
    }),
  }),
  fuseCandidate: t.field({
    type: FusePayload.ref,
    description:
      'Fuses a candidate of a search as fuseCheckpoints does, and waits for it: the new checkpoint has the weights that were evaluated. A candidate that is a checkpoint as it is, is a CONFLICT.',
    args: {
      input: t.arg({
        type: FuseCandidateInput,
        required: true,
        description: 'The search and the number of the candidate.',
      }),
      wait: waitArg(t.arg),
    },
    resolve: async (_root, { input: { search, candidate: number, ...input }, wait }, { tandem }) => {
      const searchId = keyOf(search, 'FusionSearch', 'input.search').key;
      return FusePayload.answer(tandem, wait, await fuseCandidate(tandem, { searchId, number, ...input }));
    },
  }),
}));
