/** Jobs of every kind: `tandem jobs`, `watch`, `cancel`. The last two take a run as well. */
import { type Command, Option } from 'commander';
import { enumValueOf } from '../../catalog.ts';
import {
  CancelJobDocument,
  JobDocument,
  type JobKind,
  type JobProgressFragment,
  type JobState,
  JobsDocument,
  type TandemClient,
} from '../../client/index.ts';
import { notFound } from '../../errors.ts';
import { jobKindCatalog } from '../../jobs/kinds/catalog.ts';
import { connect } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { describeEnd } from '../failure.ts';
import { followJob } from '../job-progress.ts';
import { findRun, isIdOf } from '../lookup.ts';
import { formatAge, formatAmount, formatTable } from '../output.ts';
import { print } from '../print.ts';
import { nameIn, wholeNumber } from '../values.ts';
import { stopRun, watchRun } from './runs.ts';

const states = ['queued', 'running', 'interrupted', 'cancelled', 'failed', 'succeeded'];

const kinds = jobKindCatalog.map(({ name }) => name);

export function addJobCommands(program: Command): void {
  program
    .command('jobs')
    .description('list the jobs, newest first: durable work of every kind, training included')
    .addOption(new Option('--state <state>', 'only jobs in this state').choices(states).argParser(nameIn(states)))
    .addOption(new Option('--kind <kind>', 'only this kind').choices(kinds).argParser(nameIn(kinds)))
    .option('--limit <n>', 'list at most so many', wholeNumber, 20)
    .action(listJobs);
  program
    .command('watch')
    .description('follow a run or a job to its end; exit code 4 if it does not succeed; Ctrl+C leaves it alone')
    .argument('<run-or-job>', 'id or name of a run, or id of a job')
    .option('--after <seq>', 'skip the events up to this number', wholeNumber)
    .action(watch);
  program
    .command('cancel')
    .description('stop a run, which keeps a checkpoint, or a job, which discards what it had begun')
    .argument('<run-or-job>', 'id or name of a run, or id of a job')
    .action(cancel);
}

interface ListOptions {
  readonly state?: string;
  readonly kind?: string;
  readonly limit: number;
}

async function listJobs({ state, kind, limit }: ListOptions, command: Command): Promise<void> {
  const client = await connect(command);
  const filter = {
    ...(state !== undefined && { state: enumValueOf(state) as JobState }),
    ...(kind !== undefined && { kind: enumValueOf(kind) as JobKind }),
  };
  const { jobs } = await client.execute(JobsDocument, { filter, first: limit });
  const rows = jobs.nodes.map((job) => [
    job.id,
    job.kind,
    job.state,
    job.stage === null ? '-' : `${job.stage} ${formatAmount(job.done, job.total)}`,
    job.host ?? '-',
    formatAge(Date.now() - Date.parse(job.createdAt)),
    job.waitsFor ?? '-',
  ]);
  print(command, jobs, formatTable(['id', 'kind', 'state', 'progress', 'host', 'age', 'waits'], rows));
}

async function watch(id: string, { after }: { readonly after?: number }, command: Command): Promise<void> {
  const client = await connect(command);
  const run = await runOf(client, id);
  if (run !== undefined) return watchRun(client, run, command, after);
  const job = (await followJob(client, id, { after })) ?? (await findJob(client, id));
  if (job.state !== 'SUCCEEDED') process.exitCode = exitCodes.runNotSucceeded;
  const made = job.resultId === null ? '' : `, result ${job.resultId}`;
  print(command, job, `${job.kind}: ${job.state}${made}${describeEnd(job.error)}\n${id}`);
}

async function cancel(id: string, _options: unknown, command: Command): Promise<void> {
  const client = await connect(command);
  const run = await runOf(client, id);
  if (run !== undefined) return stopRun(client, run, command);
  const { cancelJob } = await client.execute(CancelJobDocument, { id });
  print(command, cancelJob, `${cancelJob.kind}: ${cancelJob.state}\n${id}`);
}

/** The id of the run, where that or its job is meant; undefined = it is a job of another kind. */
async function runOf(client: TandemClient, text: string): Promise<string | undefined> {
  if (!isIdOf('Job', text)) {
    const run = await findRun(client, text);
    if (run !== undefined) return run;
    throw notFound(`"${text}" is neither the id or name of a run nor the id of a job`, {
      field: text,
      expected: 'what `tandem runs` or `tandem jobs` lists',
    });
  }
  const { kind, subject } = await findJob(client, text);
  return kind === 'TRAIN' ? subject?.id : undefined;
}

async function findJob(client: TandemClient, id: string): Promise<FoundJob> {
  const { job } = await client.execute(JobDocument, { id });
  if (!job) throw notFound(`there is no job ${id}`);
  return job;
}

type FoundJob = JobProgressFragment & { readonly subject: { readonly id: string } | null };
