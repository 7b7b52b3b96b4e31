/**
 * Long work besides runs, each with a row in `jobs`: its progress, its end and its heartbeat are written here, what it
 * makes in the transaction that ends it. A job lives in the process that started it; after a crash it is INTERRUPTED.
 */
import { isDeepStrictEqual } from 'node:util';
import { and, eq, sql } from 'drizzle-orm';
import type { Db, Transaction } from '../../db/open.ts';
import type { JobProgress, Use } from '../../db/schema/types.ts';
import { type JobKind, type JobRow, type JobState, jobs } from '../../db/schema.ts';
import { fromPlainError, notFound, type PlainError, toPlainError, unavailable } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { startHeartbeat } from './heartbeat.ts';
import { type Host, heartbeatEveryMs } from './host.ts';
import { canStartAgain, otherHost, otherRequest, stopping } from './job-errors.ts';
import { finishJob, updateJobs, writeJobHeartbeats } from './job-store.ts';
import { writeAtLast } from './last-write.ts';
import type { Notifier } from './notifier.ts';
import { ProgressWriter } from './progress-writer.ts';

export interface JobContext {
  readonly jobId: string;
  /** Aborts when the job is cancelled or the process stops. */
  readonly signal: AbortSignal;
  /** Written at most every 250 ms; the last one always. */
  progress(progress: JobProgress): void;
  /**
   * The last thing that work does. `write` records what the work made, in the transaction that ends the job, and
   * returns its id. It may be called again after a lost connection, so it must read and write only through the given
   * transaction.
   */
  succeed(write: (tx: Transaction) => Promise<string>): Promise<Finished>;
}

/** The result of work; only `succeed` makes one. */
export interface Finished {
  /** Id of what was made. */
  readonly resultId: string;
}

export interface JobRequest {
  /** What was asked for; the same idempotency key with another input is a CONFLICT. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Rows that must stay while it runs. */
  readonly uses?: readonly Use[];
  readonly idempotencyKey?: string;
}

export interface StartedJob {
  readonly job: JobRow;
  /** Resolves to the id of what the work made; rejects with what it threw. Need not be awaited. */
  readonly done: Promise<string>;
}

export type Work = (context: JobContext) => Promise<Finished>;

interface Running {
  readonly stop: AbortController;
  readonly done: Promise<string>;
}

interface Ending {
  readonly state: JobState;
  readonly error: PlainError;
}

export class BackgroundJobs {
  readonly #db: Db;
  readonly #host: Host;
  readonly #notifier: Notifier;
  readonly #log: Logger;
  readonly #running = new Map<string, Running>();
  readonly #stopHeartbeat: () => void;
  readonly #closing = new AbortController();

  constructor(context: { readonly db: Db; readonly host: Host; readonly notifier: Notifier; readonly log: Logger }) {
    this.#db = context.db;
    this.#host = context.host;
    this.#notifier = context.notifier;
    this.#log = context.log;
    this.#stopHeartbeat = startHeartbeat(() => this.#writeHeartbeats(), heartbeatEveryMs);
  }

  async startJob(kind: JobKind, { input, uses = [], idempotencyKey }: JobRequest, work: Work): Promise<StartedJob> {
    if (this.#closing.signal.aborted) throw stopping();
    const plainInput = JSON.parse(JSON.stringify(input)) as Readonly<Record<string, unknown>>;
    const mine = {
      kind,
      input: plainInput,
      uses,
      idempotencyKey: idempotencyKey ?? null,
      host: this.#host.name,
      pid: this.#host.pid,
    };
    const [job] = await this.#db
      .insert(jobs)
      .values(mine)
      .onConflictDoNothing({ target: jobs.idempotencyKey })
      .returning();
    if (job) return this.#begin(job, work);

    const [first] = await this.#db
      .select()
      .from(jobs)
      .where(eq(jobs.idempotencyKey, idempotencyKey ?? ''));
    if (first.kind !== kind || !isDeepStrictEqual(first.input, plainInput)) throw otherRequest(first);
    if (this.#running.has(first.id) || !canStartAgain(first)) return { job: first, done: this.#outcomeOf(first) };
    return this.#again({ ...first, uses }, work);
  }

  /** The process may have started to stop while the row was written; it would not wait for work that starts now. */
  async #begin(job: JobRow, work: Work): Promise<StartedJob> {
    if (!this.#closing.signal.aborted) return { job, done: this.#start(job.id, work) };
    const { stack: _stack, ...error } = toPlainError(stopping());
    await this.#end([job.id], { state: 'INTERRUPTED', error });
    throw stopping();
  }

  /** Starts a job that ended without a result again under its key. Of several simultaneous requests, one starts it. */
  async #again(first: JobRow, work: Work): Promise<StartedJob> {
    const { name: host, pid } = this.#host;
    const [job] = await this.#db
      .update(jobs)
      .set({
        ...{ state: 'RUNNING', uses: first.uses, error: null, finishedAt: null, progress: null, host, pid },
        heartbeatAt: sql`now()`,
      })
      .where(and(eq(jobs.id, first.id), eq(jobs.state, first.state)))
      .returning();
    return job ? this.#begin(job, work) : { job: first, done: this.#outcomeOf(first) };
  }

  async cancel(jobId: string): Promise<JobRow> {
    const running = this.#running.get(jobId);
    if (running) {
      running.stop.abort('cancel');
      await running.done.catch(() => {});
    }
    const job = await this.#find(jobId);
    if (job.state === 'RUNNING' && job.host !== this.#host.name) throw otherHost(job);
    return job;
  }

  async *events(jobId: string, signal?: AbortSignal): AsyncGenerator<JobRow, void, undefined> {
    const waiter = this.#notifier.attach(jobId);
    try {
      for (let last: JobRow | undefined; ; ) {
        const job = await this.#find(jobId);
        if (!isDeepStrictEqual(job, last)) yield job;
        last = job;
        if (job.state !== 'RUNNING') return;
        if ((await waiter.wait(15_000, signal)) === 'closed') return;
      }
    } finally {
      waiter.detach();
    }
  }

  /** The ids of the jobs that run here. */
  running(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** Aborts what runs and waits for it. */
  async stop(): Promise<void> {
    this.#closing.abort();
    this.#stopHeartbeat();
    const running = [...this.#running.values()];
    for (const { stop } of running) stop.abort('stop');
    await Promise.allSettled(running.map(({ done }) => done));
  }

  /** Marks jobs that did not end after {@link stop} as INTERRUPTED; what they still write is rejected from then on. */
  async leave(): Promise<void> {
    const ids = this.running();
    const { stack: _stack, ...error } = toPlainError(stopping());
    await this.#end(ids, { state: 'INTERRUPTED', error });
  }

  #start(jobId: string, work: Work): Promise<string> {
    const stop = new AbortController();
    const done = this.#run(jobId, work, stop).finally(() => this.#running.delete(jobId));
    this.#running.set(jobId, { stop, done });
    done.catch(() => {});
    return done;
  }

  async #run(jobId: string, work: Work, stop: AbortController): Promise<string> {
    const progress = new ProgressWriter((value) => this.#writeProgress(jobId, value));
    const succeed = async (write: (tx: Transaction) => Promise<string>): Promise<Finished> => {
      await progress.end();
      const onFailure = (error: unknown): void =>
        this.#log.warn({ error, job: jobId }, 'what a job made could not be written yet');
      const finish = () => finishJob(this.#db, this.#host, jobId, write);
      return { resultId: await writeAtLast(finish, { closing: stop.signal, onFailure }) };
    };
    try {
      const context = { jobId, signal: stop.signal, progress: (value: JobProgress) => progress.set(value), succeed };
      const { resultId } = await work(context);
      this.#notifier.wake(jobId);
      return resultId;
    } catch (error) {
      await progress.end();
      await this.#end([jobId], this.#failure(error, stop));
      throw error;
    }
  }

  #failure(error: unknown, stop: AbortController): Ending {
    const { stack, ...plain } = toPlainError(error);
    if (stop.signal.reason === 'cancel') return { state: 'CANCELLED', error: plain };
    if (stop.signal.reason === 'stop') return { state: 'INTERRUPTED', error: plain };
    if (plain.name === 'Error') this.#log.error({ error: plain.message, stack }, 'a job failed');
    return { state: 'FAILED', error: plain };
  }

  /** Retries until the end is written, because callers that wait for the job wait for its row. */
  async #end(jobIds: readonly string[], ending: Ending): Promise<void> {
    const write = () => updateJobs(this.#db, this.#host, jobIds, { ...ending, finishedAt: new Date() });
    const onFailure = (error: unknown): void =>
      this.#log.warn({ error, jobs: jobIds }, 'the end of a job could not be written yet');
    await writeAtLast(write, { closing: this.#closing.signal, onFailure }).catch((error: unknown) => {
      this.#log.error({ error, jobs: jobIds }, 'the end of a job could not be written');
    });
    for (const jobId of jobIds) this.#notifier.wake(jobId);
  }

  async #writeProgress(jobId: string, progress: JobProgress): Promise<void> {
    await updateJobs(this.#db, this.#host, [jobId], { progress }).catch((error: unknown) => {
      this.#log.error({ error, job: jobId }, 'the progress of a job could not be written');
    });
    this.#notifier.wake(jobId);
  }

  /** The result of a job that was started before. A job that runs on another host is followed by reading its row. */
  #outcomeOf(job: JobRow): Promise<string> {
    const done = this.#running.get(job.id)?.done ?? this.#follow(job.id);
    done.catch(() => {});
    return done;
  }

  async #follow(jobId: string): Promise<string> {
    let last: JobRow | undefined;
    for await (const job of this.events(jobId)) last = job;
    if (last?.state === 'SUCCEEDED' && last.resultId) return last.resultId;
    throw last?.error ? fromPlainError(last.error) : unavailable(`Job ${jobId} has not ended`, { field: jobId });
  }

  async #find(jobId: string): Promise<JobRow> {
    const [job] = await this.#db.select().from(jobs).where(eq(jobs.id, jobId));
    if (!job) throw notFound(`There is no job ${jobId}`, { field: jobId, remedy: 'List the jobs for their ids.' });
    return job;
  }

  async #writeHeartbeats(): Promise<void> {
    const ids = [...this.#running.keys()];
    if (ids.length === 0) return;
    await writeJobHeartbeats(this.#db, this.#host, ids).catch((error: unknown) =>
      this.#log.warn({ error }, 'the heartbeat of jobs could not be written'),
    );
  }
}
