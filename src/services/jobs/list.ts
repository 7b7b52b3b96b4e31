/** The list of jobs. */
import { eq, or, sql } from 'drizzle-orm';
import { jobs } from '../../db/schema.ts';
import { changed, column, columnEdge, nounList, ofJob } from '../common/listing/define.ts';

const changes = { changes: true };

export const jobList = nounList('jobs', {
  called: 'jobs',
  columns: {
    createdAt: column(jobs.createdAt, 'time of its first request'),
    ...changed(jobs),
    kind: column(jobs.kind, 'kind', { kind: 'enum' }),
    ...ofJob(jobs, ['state', 'attempt', 'startedAt', 'finishedAt']),
    stage: column(sql`(${jobs.progress} ->> 'stage')`, 'stage', {
      kind: 'text',
      nullable: true,
      searched: true,
      ...changes,
    }),
    deaths: column(jobs.deaths, 'number of attempts whose process died', changes),
    notBefore: column(jobs.notBefore, 'earliest time of its next attempt', changes),
  },
  edges: { partOf: columnEdge('Job', 'that are parts of', jobs.partOf) },
  conditions: {
    idempotencyKey: {
      says: 'Only the job begun with this idempotencyKey, also of a call that still waits. The keys of startRun and of startFusionSearch belong to the run and the search',
      where: startedWith,
    },
  },
});

/** An evaluation of several data sets is a job for each, and each has the caller's key with its data set's id. */
function startedWith(key: string) {
  return or(
    eq(jobs.idempotencyKey, key),
    eq(jobs.idempotencyKey, sql`${`${key}:`} || (${jobs.input} ->> 'datasetId')`),
  )!;
}
