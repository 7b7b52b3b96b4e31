/** Jobs: durable work of every kind. */
import type { JobAttemptRow, JobRow } from '../../db/schema.ts';
import type { JobKind as JobKindName } from '../../jobs/kinds/catalog.ts';
import { follow } from '../../services/jobs/follow.ts';
import * as jobs from '../../services/jobs/jobs.ts';
import { jobList } from '../../services/jobs/list.ts';
import { builder } from '../builder.ts';
import { JobKind, JobState } from '../enums.ts';
import { encodeId, keyOf } from '../ids.ts';
import { defineList } from '../lists/field.ts';
import { lookup } from '../lists/lookup.ts';
import { connections, loaderOptions, loadNode, refs } from '../nouns.ts';
import { requestLoader } from '../request-loader.ts';
import { Failure } from './failure.ts';

const { Job } = refs;
const { Job: JobConnection } = connections;
const Node = builder.nodeInterfaceRef();

const waitsFor = requestLoader(jobs.waitsFor);

const JobAttempt = builder.objectRef<JobAttemptRow>('JobAttempt').implement({
  description: 'The work of one process on a job. A job that begins again, or is resumed, gets another attempt.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'The number of the attempt, counted from 1.' }),
    host: t.exposeString('host', { description: 'The host that worked on it, with its data folder.' }),
    outcome: t.expose('outcome', {
      type: JobState,
      nullable: true,
      description: 'The state that the job had at its end, QUEUED if it begins again; null while it works.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the attempt began.' }),
    heartbeatAt: t.expose('heartbeatAt', {
      type: 'DateTime',
      description: 'The last proof of life of its process; after a minute without one the process counts as dead.',
    }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended, or was found to be dead; null while it works.',
    }),
  }),
});

Job.implement({
  description:
    'Durable work of any kind: an import, a new model, the training of a run, an evaluation, a fusion, a search for one, the embedding of documents, an export. It is kept with its input and its answer, and survives the death of its process.',
  fields: (t) => ({
    kind: t.field({
      type: JobKind,
      description: 'The kind of work that it does.',
      resolve: ({ kind }) => kind as JobKindName,
    }),
    state: t.expose('state', { type: JobState, description: 'The state of the job.' }),
    subject: t.field({
      type: Node,
      nullable: true,
      description:
        'What it works on, for example the run that it trains; null for imports and new models, which bring it in, once it has been deleted, and where version 0.2.0 did not keep it.',
      resolve: (row, _args, context) => loadNode(context, jobs.subjectOf(row)),
    }),
    result: t.field({
      type: Node,
      nullable: true,
      description: 'What the job made or changed; null unless it SUCCEEDED, and once that has been deleted.',
      resolve: (row, _args, context) => loadNode(context, jobs.resultOf(row)),
    }),
    resultId: t.id({
      nullable: true,
      description: 'The global id of what the job made, also when it has been deleted; null unless it SUCCEEDED.',
      resolve: (row) => {
        const made = jobs.resultOf(row);
        return made && encodeId(made.type, made.id);
      },
    }),
    error: t.expose('error', {
      type: Failure,
      nullable: true,
      description:
        'The error that made the job FAILED, CANCELLED or INTERRUPTED; null in other states, and where a run was stopped or its process ended.',
    }),
    lastSeq: t.expose('lastSeq', {
      type: 'Int64',
      description: 'The sequence number of its last event; given as `after`, jobEvents continues from here.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the job was first requested.' }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When its first attempt began; null before that.',
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When it ended or was interrupted; null while it is QUEUED or RUNNING, and of a run that is INTERRUPTED, which can be resumed.',
    }),
  }),
});

/** How far it is, and who works on it. */
builder.objectFields(Job, (t) => ({
  stage: t.string({
    nullable: true,
    description: 'The stage of the work; null before the first report of progress of an attempt.',
    resolve: (row) => row.progress?.stage ?? null,
  }),
  done: t.field({
    type: 'Int64',
    description: 'The amount that is done in this stage: lines, texts, files or updates.',
    resolve: (row) => row.progress?.done ?? 0,
  }),
  total: t.field({
    type: 'Int64',
    nullable: true,
    description: 'The whole amount of this stage; null if unknown, and before the first report of progress.',
    resolve: (row) => row.progress?.total ?? null,
  }),
  attempt: t.exposeInt('attempt', { description: 'The number of the last attempt; 0 before the first.' }),
  attempts: t.loadableList({
    type: JobAttempt,
    description: 'All attempts at the job, oldest first.',
    loaderOptions,
    load: (ids: string[], { tandem }) => jobs.attemptsOf(tandem, ids),
    resolve: (row) => row.id,
  }),
  deaths: t.exposeInt('deaths', {
    description: 'The number of attempts whose process died; the third death makes the job FAILED.',
  }),
  host: t.loadable({
    type: 'String',
    nullable: true,
    description:
      'The host that works on it, or worked on it last, with its data folder; null before the first attempt.',
    loaderOptions,
    load: (ids: string[], { tandem }) => jobs.hostsOf(tandem, ids),
    resolve: (row) => row.id,
  }),
  waitsFor: t.string({
    nullable: true,
    description: 'Why the job has not begun, as a sentence; null unless it is QUEUED.',
    resolve: (row, _args, context) => waitsFor(row, context),
  }),
  notBefore: t.expose('notBefore', {
    type: 'DateTime',
    nullable: true,
    description: 'The earliest time at which it begins again after a death of its process; null if it may at once.',
  }),
}));

const jobsOf = defineList<JobRow>(jobList, 'Job', Job, JobConnection, { enums: { kind: JobKind, state: JobState } });

builder.queryFields((t) => ({
  jobs: jobsOf.whole(t, 'The jobs of every kind, those of runs included, newest first.'),
  job: lookup(t, 'Job', 'a job'),
}));

builder.objectField(Job, 'parts', (t) =>
  jobsOf.part(t, { edge: 'partOf', description: 'The jobs that are parts of it, such as the runs of a search.' }),
);

builder.mutationFields((t) => ({
  cancelJob: t.field({
    type: Job,
    description:
      'Stops a job of any kind that is QUEUED or RUNNING, or the job of an INTERRUPTED run. What it had begun is discarded; a run keeps its checkpoints, a search for a fusion its candidates. A job that has ended is a CONFLICT.',
    args: { id: t.arg.id({ required: true, description: 'Id of a job.' }) },
    resolve: (_root, { id }, { tandem }) => jobs.cancel(tandem, keyOf(id, 'Job', 'id').key),
  }),
}));

builder.subscriptionField('jobEvents', (t) =>
  t.field({
    type: Job,
    description:
      'Sends a job as it is now and after each change or, with `after`, as it was after each event with a larger seq, and then as it changes. Ends once the job is neither QUEUED nor RUNNING. In a replay the state, the progress, the error, the attempt and the times are those of then; the attempts, the deaths and the host are those of now.',
    args: {
      jobId: t.arg.id({ required: true, description: 'Id of a job.' }),
      after: t.arg({
        type: 'Int64',
        description:
          'The lastSeq of the last job that was seen, 0 for all events; absent or null begins with the job as it is now.',
      }),
    },
    subscribe: (_root, { jobId, after }, { tandem, signal }) =>
      follow(tandem, keyOf(jobId, 'Job', 'jobId').key, after ?? null, signal),
    resolve: (row) => row,
  }),
);
