/** Jobs: long work besides runs. */
import type { JobRow } from '../../db/schema.ts';
import * as jobs from '../../services/jobs/jobs.ts';
import { builder } from '../builder.ts';
import { connect } from '../connection.ts';
import { JobKind, JobState } from '../enums.ts';
import { encodeId, keyOf, type NodeType } from '../ids.ts';
import { connections, refs } from '../nouns.ts';
import { Failure } from './failure.ts';

const { Job } = refs;
const { Job: JobConnection } = connections;

const resultTypes: Readonly<Record<JobRow['kind'], NodeType>> = {
  'import-dataset': 'Dataset',
  'create-model': 'Model',
  evaluate: 'Evaluation',
  fuse: 'Checkpoint',
  'embed-collection': 'Collection',
  'export-checkpoint': 'Checkpoint',
};

Job.implement({
  description: 'Long work besides runs: an import, a new model, an evaluation, a fusion, the embedding of documents.',
  fields: (t) => ({
    kind: t.expose('kind', { type: JobKind, description: 'What it does.' }),
    state: t.expose('state', { type: JobState, description: 'The state of the job.' }),
    stage: t.string({
      nullable: true,
      description: 'The stage of the work; null before the first progress report.',
      resolve: (row) => row.progress?.stage ?? null,
    }),
    done: t.field({
      type: 'Int64',
      description: 'How much is done: lines, texts, files.',
      resolve: (row) => row.progress?.done ?? 0,
    }),
    total: t.field({
      type: 'Int64',
      nullable: true,
      description: 'How much there is; null = not known.',
      resolve: (row) => row.progress?.total ?? null,
    }),
    resultId: t.id({
      nullable: true,
      description: 'The global id of what the job made; null until it succeeds.',
      resolve: (row) => (row.resultId === null ? null : encodeId(resultTypes[row.kind], row.resultId)),
    }),
    error: t.expose('error', {
      type: Failure,
      nullable: true,
      description: 'The error that ended the job; null if it did not fail.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it began.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
  }),
});

const JobFilter = builder.inputType('JobFilter', {
  description: 'Conditions that a job must meet; absent fields do not restrict.',
  fields: (t) => ({
    kind: t.field({ type: JobKind, description: 'Only jobs of this kind; absent or null means any kind.' }),
    state: t.field({ type: JobState, description: 'In this state.' }),
    idempotencyKey: t.string({
      description: 'Begun with this idempotencyKey: finds the job of a call that is still waiting.',
    }),
  }),
});

builder.queryFields((t) => ({
  jobs: t.connection(
    {
      type: Job,
      description: 'The jobs, newest first.',
      args: { filter: t.arg({ type: JobFilter, description: 'Only those that match.' }) },
      resolve: (_root, args, context) => connect(args, context, (window) => jobs.list(context.tandem, args, window)),
    },
    JobConnection,
  ),
  job: t.field({
    type: Job,
    nullable: true,
    description: 'One job; NOT_FOUND if there is none.',
    args: { id: t.arg.id({ required: true, description: 'Id of a job.' }) },
    resolve: (_root, { id }) => keyOf(id, 'Job', 'id').key,
  }),
}));

builder.mutationField('cancelJob', (t) =>
  t.field({
    type: Job,
    description: 'Stops a running job; what it had begun is dropped.',
    args: { id: t.arg.id({ required: true, description: 'Id of a job.' }) },
    resolve: (_root, { id }, { tandem }) => jobs.cancel(tandem, keyOf(id, 'Job', 'id').key),
  }),
);

builder.subscriptionField('jobEvents', (t) =>
  t.field({
    type: Job,
    description: 'A job now and after each change; ends after its final state.',
    args: { jobId: t.arg.id({ required: true, description: 'Id of a job.' }) },
    subscribe: (_root, { jobId }, { tandem, signal }) => jobs.follow(tandem, keyOf(jobId, 'Job', 'jobId').key, signal),
    resolve: (row) => row,
  }),
);
