/**
 * Long work besides runs, each with a row in `jobs`: its progress, its end and its heartbeat are written here, what it
 * makes in the transaction that ends it. A job lives in the process that began it; after a crash it is INTERRUPTED.
 */
import { isDeepStrictEqual } from 'node:util';
import { and, eq, sql } from 'drizzle-orm';
import type { Db, Transaction } from '../../db/open.ts';
import type { JobProgress, Use } from '../../db/schema/types.ts';
import { type JobKind, type JobRow, type JobState, jobs } from '../../db/schema.ts';
import { conflict, fromPlainError, notFound, type PlainError, toPlainError, unavailable } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { startHeart } from './heartbeat.ts';
import { type Host, heartbeatEveryMs } from './host.ts';
import { beatJobs, finishJob, updateJobs } from './job-store.ts';
import { writeAtLast } from './last-write.ts';
import type { Wakeups } from './notifier.ts';

export interface JobContext {
  readonly jobId: string;
  /** Aborts when the job is cancelled or the process stops. */
  readonly signal: AbortSignal;
  /** Written at most every 250 ms; the last one always. */
  progress(progress: JobProgress): void;
  /**
   * The last thing that work does: `write` keeps what it made, in the transaction that ends the job, and answers its
   * id. May be tried again while the database is away; what it reads and writes, it does through its handle alone.
   */
  succeed(write: (tx: Transaction) => Promise<string>): Promise<Finished>;
}

/** What work ends with; only `succeed` gives it. */
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
  /** The id of what the work made; rejects with what it threw. Need not be awaited. */
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

const progressMs = 250;

export class BackgroundJobs {
  readonly #db: Db;
  readonly #host: Host;
  readonly #wakeups: Wakeups;
  readonly #log: Logger;
  readonly #running = new Map<string, Running>();
  readonly #stopHeart: () => void;
  readonly #closing = new AbortController();

  constructor(context: { readonly db: Db; readonly host: Host; readonly wakeups: Wakeups; readonly log: Logger }) {
    this.#db = context.db;
    this.#host = context.host;
    this.#wakeups = context.wakeups;
    this.#log = context.log;
    this.#stopHeart = startHeart(() => this.#beat(), heartbeatEveryMs);
  }

  async perform(kind: JobKind, { input, uses = [], idempotencyKey }: JobRequest, work: Work): Promise<StartedJob> {
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
    if (this.#running.has(first.id) || !mayBeginAnew(first)) return { job: first, done: this.#outcomeOf(first) };
    return this.#again({ ...first, uses }, work);
  }

  /** The process may have begun to stop while the row was written: it would not wait for work that starts now. */
  async #begin(job: JobRow, work: Work): Promise<StartedJob> {
    if (!this.#closing.signal.aborted) return { job, done: this.#start(job.id, work) };
    const { stack: _stack, ...error } = toPlainError(stopping());
    await this.#end([job.id], { state: 'INTERRUPTED', error });
    throw stopping();
  }

  /** Work that came to nothing is begun anew under its key; of several that ask at once, one begins. */
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
    if (job.state === 'RUNNING' && job.host !== this.#host.name) throw elsewhere(job);
    return job;
  }

  async *events(jobId: string, signal?: AbortSignal): AsyncGenerator<JobRow, void, undefined> {
    const waiter = this.#wakeups.attach(jobId);
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
    this.#stopHeart();
    const running = [...this.#running.values()];
    for (const { stop } of running) stop.abort('stop');
    await Promise.allSettled(running.map(({ done }) => done));
  }

  /** Leaves the work behind that did not end after {@link stop}; whatever it still writes is refused then. */
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
    const progress = new ProgressWriter((value) => this.#tell(jobId, value));
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
      this.#wakeups.wake(jobId);
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

  /** Written again until it is there: whoever waits for the job waits for this row. */
  async #end(jobIds: readonly string[], ending: Ending): Promise<void> {
    const write = () => updateJobs(this.#db, this.#host, jobIds, { ...ending, finishedAt: new Date() });
    const onFailure = (error: unknown): void =>
      this.#log.warn({ error, jobs: jobIds }, 'the end of a job could not be written yet');
    await writeAtLast(write, { closing: this.#closing.signal, onFailure }).catch((error: unknown) => {
      this.#log.error({ error, jobs: jobIds }, 'the end of a job could not be written');
    });
    for (const jobId of jobIds) this.#wakeups.wake(jobId);
  }

  async #tell(jobId: string, progress: JobProgress): Promise<void> {
    await updateJobs(this.#db, this.#host, [jobId], { progress }).catch((error: unknown) => {
      this.#log.error({ error, job: jobId }, 'the progress of a job could not be written');
    });
    this.#wakeups.wake(jobId);
  }

  /** What a job of the same key came to, or comes to. One that runs on another host is followed by its row. */
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

  async #beat(): Promise<void> {
    const ids = [...this.#running.keys()];
    if (ids.length === 0) return;
    await beatJobs(this.#db, this.#host, ids).catch((error: unknown) =>
      this.#log.warn({ error }, 'the heartbeat of jobs could not be written'),
    );
  }
}

/** Writes the newest value at most every 250 ms, one write at a time. */
class ProgressWriter {
  readonly #write: (value: JobProgress) => Promise<void>;
  #next: JobProgress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(write: (value: JobProgress) => Promise<void>) {
    this.#write = write;
  }

  set(value: JobProgress): void {
    this.#next = value;
    this.#timer ??= setTimeout(() => this.#flush(), progressMs);
  }

  end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#flush();
    return this.#last;
  }

  #flush(): void {
    this.#timer = undefined;
    const value = this.#next;
    this.#next = undefined;
    if (value) this.#last = this.#last.then(() => this.#write(value));
  }
}

const stopping = () =>
  unavailable('Tandem is stopping', { reason: 'stopping', remedy: 'Send the request again once Tandem has started.' });

const elsewhere = ({ id, host }: JobRow) =>
  conflict(`Job ${id} runs on another host, ${host}`, {
    field: 'id',
    expected: 'a job that runs on this host',
    remedy: 'Cancel it there. If that host is dead, the job is interrupted within two minutes.',
  });

/** Interrupted, cancelled, or failed for want of something that may be there the next time: its remedy is to try again. */
const mayBeginAnew = ({ state, error }: JobRow): boolean =>
  state === 'INTERRUPTED' || state === 'CANCELLED' || (state === 'FAILED' && error?.code === 'UNAVAILABLE');

const otherRequest = (first: JobRow) =>
  conflict(`The idempotency key "${first.idempotencyKey}" was used for another request`, {
    field: 'idempotencyKey',
    expected: `the input of job ${first.id}`,
    remedy: 'Use a new key for a new request.',
  });
