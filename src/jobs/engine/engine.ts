/**
 * Durable work of every kind: accepts jobs, lets the worker do them, cancels them, and tells callers how they ended.
 * Called by jobs.ts.
 */

import { eq } from 'drizzle-orm';
import { globalId } from '../../db/global-id.ts';
import { afterCommit, type Transaction } from '../../db/open.ts';
import { type JobRow, jobs } from '../../db/schema.ts';
import { conflict, fromPlainError, invariant, unavailable } from '../../errors.ts';
import type { Folder } from '../../retention/uses.ts';
import type { AnyJob, InputOf } from '../define.ts';
import type { JobKindEntry } from '../kinds/catalog.ts';
import { releasePayloads } from '../kinds/common/payload.ts';
import { cancelWithParts } from './cancel.ts';
import { interruptWaiting } from './deaths.ts';
import { stopping } from './ending.ts';
import { insertQueued, queueJob } from './queue.ts';
import { isSameInput } from './same-input.ts';
import { findJob, lockJob } from './store.ts';
import { untilAnswered } from './until-answered.ts';
import { Worker, type WorkerContext } from './worker.ts';

export interface Request<Job extends AnyJob> {
  readonly input: InputOf<Job>;
  /** The same key with another input is a CONFLICT; with the same it finds the first job. */
  readonly idempotencyKey?: string | undefined;
}

/** Longer than a heartbeat, at which the owner learns of it, and the end of a piece of work. */
const cancelPatienceMs = 30_000;

export class Engine {
  readonly #context: WorkerContext;
  readonly worker: Worker;
  readonly #closing: AbortController;

  constructor(context: Omit<WorkerContext, 'closing' | 'unwritten'>) {
    this.#closing = new AbortController();
    this.#context = { ...context, closing: this.#closing.signal, unwritten: new Map() };
    this.worker = new Worker(this.#context);
  }

  /** Queues a job, or finds the one that the key made before; one that ended without a result begins again. */
  async submit<Job extends AnyJob>(definition: Job, request: Request<Job>): Promise<JobRow> {
    if (this.#closing.signal.aborted) throw stopping();
    const { db } = this.#context;
    const input = plain(request.input);
    const uses = definition.uses(input);
    const place = await this.#placeOf(definition.entry, input, definition);
    const acceptedBy = this.#context.host.process;
    const accepted = await db.transaction(async (tx) => {
      const values = { kind: definition.entry.name, input, uses, place, acceptedBy };
      const [job] = await tx
        .insert(jobs)
        .values({ ...values, idempotencyKey: request.idempotencyKey ?? null })
        .onConflictDoNothing({ target: jobs.idempotencyKey })
        .returning();
      if (job) return this.#queue(tx, job, definition.entry);
      const [first] = await tx
        .select()
        .from(jobs)
        .where(eq(jobs.idempotencyKey, request.idempotencyKey ?? ''))
        .for('update');
      // It may have been deleted in between.
      if (!first) throw unavailable('The job of this key was just deleted', { remedy: 'Send the request again.' });
      if (first.kind !== values.kind || !isSameInput(definition, first.input, input)) throw otherRequest(first);
      // Its data folder may have moved, or be gone: it is done where it is asked for now.
      const moves = first.state === 'QUEUED' && place !== null && first.place !== place;
      if (!canStartAgain(first) && !moves) return first;
      const fresh = { ...values, deaths: 0, finishedAt: null };
      return this.#queue(tx, first, definition.entry, fresh);
    });
    // The process may have begun to stop meanwhile.
    if (this.#closing.signal.aborted) await interruptWaiting(this.#context, eq(jobs.acceptedBy, acceptedBy));
    return accepted;
  }

  /**
   * Queues a job whose row the caller makes what it is in the same transaction, as a run is. With `after` it begins
   * once that job, which was queued in this transaction too, has SUCCEEDED. With a key of its own it begins again by
   * itself after the death of its process, as its kind says.
   */
  async submitIn<Job extends AnyJob>(
    tx: Transaction,
    definition: Job,
    id: string,
    input: InputOf<Job>,
    {
      after = null,
      idempotencyKey = null,
    }: { readonly after?: string | null; readonly idempotencyKey?: string | null },
  ): Promise<JobRow> {
    afterCommit(() => this.worker.wake());
    return insertQueued(tx, this.#context, definition, { id, input, after, idempotencyKey });
  }

  /** Queues a locked job again, as it was. */
  requeue(tx: Transaction, job: JobRow): Promise<JobRow> {
    const definition = this.#context.kinds[job.kind];
    invariant(definition, `the kind ${job.kind} is not known`);
    return this.#queue(tx, job, definition.entry);
  }

  /** Queues a job again that ended without a result, where it may begin again; any other stays as it is. */
  async goOn(tx: Transaction, jobId: string): Promise<void> {
    const job = await lockJob(tx, jobId);
    const definition = this.#context.kinds[job.kind];
    invariant(definition, `the kind ${job.kind} is not known`);
    if (canStartAgain(job)) await this.#queue(tx, job, definition.entry, { deaths: 0, finishedAt: null });
  }

  #queue(tx: Transaction, job: JobRow, entry: JobKindEntry, changes?: Partial<JobRow>): Promise<JobRow> {
    afterCommit(() => this.worker.wake());
    return queueJob(tx, this.#context, job, entry, changes);
  }

  /** Here, where this host has the files; so that work that brings in something new is done where it was asked for. */
  async #placeOf(entry: JobKindEntry, input: unknown, { uses }: AnyJob): Promise<string | null> {
    const { shared, host, files } = this.#context;
    if (!shared || entry.place === 'anywhere') return null;
    const used = uses(input);
    const missing = await files.missing(used.filter(({ kind }) => kind !== 'payload'));
    if (missing === undefined) return host.folder;
    // A payload lies on the host that accepted it: no host has both.
    if (used.some(({ kind }) => kind === 'payload')) throw notHere(missing);
    return null;
  }

  /** Resolves to the job once it has SUCCEEDED; throws the error with which it ended otherwise. */
  async outcome(jobId: string): Promise<JobRow> {
    const waiter = this.#context.notifier.attach(jobId);
    try {
      for (;;) {
        const job = await this.#read(jobId);
        if (job.state === 'SUCCEEDED') return job;
        if (job.state !== 'QUEUED' && job.state !== 'RUNNING') throw errorOf(job);
        // What is queued while this process stops begins elsewhere, or at the next start.
        if (job.state === 'QUEUED' && this.#closing.signal.aborted) throw stopping();
        if (job.state === 'QUEUED' && this.worker.death && this.#staysHere(job)) throw this.worker.death;
        if ((await waiter.wait(15_000)) === 'closed') throw stopping();
      }
    } finally {
      waiter.detach();
    }
  }

  /** Whether no other host begins it. */
  #staysHere({ place }: JobRow): boolean {
    const { shared, host } = this.#context;
    return !shared || place === host.folder;
  }

  /**
   * The job's row, once the database is back. Its work goes on meanwhile: a caller who was told an error would ask
   * again, and without an idempotency key get a second result.
   */
  #read(jobId: string): Promise<JobRow> {
    const { db, log, closing } = this.#context;
    const onFailure = (error: unknown): void =>
      log.warn({ error, job: jobId }, 'a job that a caller waits for could not be read yet');
    return untilAnswered(() => findJob(db, jobId), { closing, onFailure, tries: Number.POSITIVE_INFINITY });
  }

  /**
   * Ends at once what does not run; what runs here stops first, and what runs elsewhere is waited for a while. The open
   * parts of the job with it.
   */
  async cancel(jobId: string): Promise<JobRow> {
    const { db } = this.#context;
    const ids = await db.transaction((tx) => {
      afterCommit(() => this.worker.wake());
      return cancelWithParts(tx, this.#context, jobId);
    });
    for (const id of ids) if (!(await this.worker.cancel(id))) await this.#endsElsewhere(id);
    const job = await findJob(db, jobId);
    await releasePayloads(this.#context, job.uses);
    return job;
  }

  /** Waits until a job that another process works on has ended, but not forever: that process may be dead. */
  async #endsElsewhere(jobId: string): Promise<void> {
    const { db, notifier } = this.#context;
    const waiter = notifier.attach(jobId);
    try {
      const until = performance.now() + cancelPatienceMs;
      for (let woken = 'woken'; woken === 'woken' && (await findJob(db, jobId)).state === 'RUNNING'; ) {
        woken = await waiter.wait(Math.max(0, until - performance.now()));
      }
    } finally {
      waiter.detach();
    }
  }

  /** What keeps the ends of jobs from being written, and queued ones from being begun; told until it is over. */
  troubles(): { readonly jobId: string | null; readonly error: unknown }[] {
    const { failure } = this.worker;
    const ends = [...this.#context.unwritten].map(([jobId, error]) => ({ jobId, error }));
    return failure === undefined ? ends : [...ends, { jobId: null, error: failure }];
  }

  /** Stops what runs and waits for it. Nothing begins any more. */
  async stop(): Promise<void> {
    this.#closing.abort();
    // Callers that wait for queued jobs are told.
    this.#context.notifier.wakeAll();
    await this.worker.stop();
    const { host, log } = this.#context;
    await interruptWaiting(this.#context, eq(jobs.acceptedBy, host.process)).catch((error: unknown) =>
      log.warn({ error }, 'jobs that nobody waits for any more could not be marked; the next start does it'),
    );
  }
}

/** As it is read from the row again. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/**
 * True of a job that was interrupted or cancelled, or that failed for what the request cannot help: something was
 * unavailable at the time, or a defect, which has no code. Versions up to 0.2.0 kept errors of the database as defects.
 */
const canStartAgain = ({ state, error }: JobRow): boolean =>
  state === 'INTERRUPTED' ||
  state === 'CANCELLED' ||
  (state === 'FAILED' && (error?.code ?? 'UNAVAILABLE') === 'UNAVAILABLE' && error?.reason !== 'attempts');

const errorOf = (job: JobRow) =>
  job.error
    ? fromPlainError(job.error)
    : unavailable(`Job ${globalId('Job', job.id)} is ${job.state}`, { field: globalId('Job', job.id) });

const notHere = ({ kind, digest }: Folder) =>
  unavailable(`This host lacks ${kind}/${digest}, which the request needs`, {
    field: digest,
    expected: 'a host whose data folder has it',
    remedy: 'Send the request to the host that made it, or copy the folder into the data folder of this host.',
  });

/** Does not tell the key, which may be the caller's with the key of a row behind it. */
const otherRequest = (first: JobRow) =>
  conflict('The idempotency key was used for another request', {
    field: 'idempotencyKey',
    expected: `the input of job ${globalId('Job', first.id)}`,
    remedy: 'Use a new key for a new request.',
  });
