/** Jobs: long work besides runs. */
import type { JobRow } from '../../db/schema.ts';
import { type JobKindEntry, type JobKind as JobKindName, jobKindCatalog } from '../../jobs/kinds/catalog.ts';
import * as jobs from '../../services/jobs/jobs.ts';
import { builder } from '../builder.ts';
import { connect } from '../connection.ts';
import { JobKind, JobState } from '../enums.ts';
import { encodeId, keyOf } from '../ids.ts';
import { connections, refs } from '../nouns.ts';
import { Failure } from './failure.ts';

const { Job } = refs;
const { Job: JobConnection } = connections;

const entryOf = ({ kind }: JobRow): JobKindEntry | undefined => jobKindCatalog.find(({ name }) => name === kind);

Job.implement({
  description: 'Long work besides runs: an import, a new model, an evaluation, a fusion, the embedding of documents.',
  fields: (t) => ({
    kind: t.field({
      type: JobKind,
      description: 'The kind of work that it does.',
      resolve: ({ kind }) => kind as JobKindName,
    }),
    state: t.expose('state', { type: JobState, description: 'The state of the job.' }),
    stage: t.string({
      nullable: true,
      description: 'The stage of the work; null before the first report of progress.',
      resolve: (row) => row.progress?.stage ?? null,
    }),
    done: t.field({
      type: 'Int64',
      description: 'The amount that is done in this stage: lines, texts or files.',
      resolve: (row) => row.progress?.done ?? 0,
    }),
    total: t.field({
      type: 'Int64',
      nullable: true,
      description: 'The whole amount of this stage; null if unknown, and before the first report of progress.',
      resolve: (row) => row.progress?.total ?? null,
    }),
    resultId: t.id({
      nullable: true,
      description: 'The global id of what the job made; null unless it SUCCEEDED.',
      resolve: (row) => {
        const entry = entryOf(row);
        return row.resultId === null || !entry ? null : encodeId(entry.result, row.resultId);
      },
    }),
    error: t.expose('error', {
      type: Failure,
      nullable: true,
      description: 'The error that made the job FAILED, CANCELLED or INTERRUPTED; null in other states.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the job was first requested.' }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended or was interrupted; null while it runs.',
    }),
  }),
});

const JobFilter = builder.inputType('JobFilter', {
  description: 'Conditions that a job must meet; absent fields do not restrict.',
  fields: (t) => ({
    kind: t.field({ type: JobKind, description: 'Only jobs of this kind; absent or null means any kind.' }),
    state: t.field({ type: JobState, description: 'Only jobs in this state; absent or null means any state.' }),
    idempotencyKey: t.string({
      description:
        'Only the job begun with this idempotencyKey, also of a call that still waits; absent or null means any.',
    }),
  }),
});

builder.queryFields((t) => ({
  jobs: t.connection(
    {
      type: Job,
      description: 'The jobs, newest first.',
      args: {
        filter: t.arg({
          type: JobFilter,
          description: 'Conditions that the items must meet; absent or null means all.',
        }),
      },
      resolve: (_root, args, context) => connect(args, context, (window) => jobs.list(context.tandem, args, window)),
    },
    JobConnection,
  ),
  job: t.field({
    type: Job,
    nullable: true,
    description: 'One job; null, with the error NOT_FOUND, if there is none.',
    args: { id: t.arg.id({ required: true, description: 'Id of a job.' }) },
    resolve: (_root, { id }) => keyOf(id, 'Job', 'id').key,
  }),
}));

builder.mutationField('cancelJob', (t) =>
  t.field({
    type: Job,
    description: 'Stops a running job and discards what it had begun.',
    args: { id: t.arg.id({ required: true, description: 'Id of a job.' }) },
    resolve: (_root, { id }, { tandem }) => jobs.cancel(tandem, keyOf(id, 'Job', 'id').key),
  }),
);

builder.subscriptionField('jobEvents', (t) =>
  t.field({
    type: Job,
    description: 'Sends a job as it is now and after each change; ends once it is no longer RUNNING.',
    args: {
      jobId: t.arg.id({ required: true, description: 'Id of a job.' }),
      after: t.arg({
        type: 'Int64',
        description:
          'The lastSeq of the last job that was seen: the job after each later event is sent; absent or null begins with the job as it is now.',
      }),
    },
    subscribe: (_root, { jobId, after }, { tandem, signal }) =>
      jobs.follow(tandem, keyOf(jobId, 'Job', 'jobId').key, after ?? null, signal),
    resolve: (row) => row,
  }),
);
