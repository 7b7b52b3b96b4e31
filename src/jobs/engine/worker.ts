/**
 * Claims jobs while slots of their kinds are free, as long as the threads live. It sleeps until woken: by an enqueued
 * job (after the commit), by the end of one, once at start, when a pause is over, and some seconds after the queue
 * could not be read; where other hosts queue work too, by a look every now and then.
 */

import { outsideSpans } from '../../observe/tracing.ts';
import type { JobKinds } from '../define.ts';
import type { Claim } from '../dispatch/types.ts';
import type { Threads } from '../threads/threads.ts';
import { type AttemptContext, executeAttempt, leaveAttempt } from './attempt.ts';
import type { StopReason } from './ending.ts';
import type { JobFiles } from './files.ts';
import { startHeartbeat } from './heartbeat.ts';
import { heartbeatEveryMs } from './host.ts';
import { type Attempt, type Begun, beginAttempt, renewLeases } from './store.ts';

const readAgainMs = 5_000;
/** The clocks of host and database differ: what is due by one may not be by the other. */
const shortestPauseMs = 250;

export interface WorkerContext extends AttemptContext {
  readonly files: JobFiles;
  readonly threads: Pick<Threads, 'cpu' | 'device'>;
  /** Without it no job is ever claimed here. */
  readonly claims: boolean;
}

interface Running {
  readonly begun: Begun;
  readonly claim: Claim;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

export class Worker {
  readonly #context: WorkerContext;
  readonly #running = new Map<string, Running>();
  readonly #stopHeartbeat: () => void;
  #loop: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #failure: unknown;
  #reportedDeath = false;

  constructor(context: WorkerContext) {
    this.#context = context;
    this.#stopHeartbeat = startHeartbeat(() => this.#beat(), heartbeatEveryMs);
  }

  wake(): void {
    this.#again = true;
    if (this.#context.closing.aborted || this.#loop) return;
    clearTimeout(this.#timer);
    this.#loop = outsideSpans(() => this.#drain())
      .then(() => {
        this.#failure = undefined;
      })
      .catch((error: unknown) => {
        this.#context.log.error({ error }, 'jobs could not be taken from the queue');
        this.#failure = error;
        this.#wakeIn(readAgainMs);
      })
      .finally(() => {
        this.#loop = undefined;
        if (this.#again && this.#failure === undefined) this.wake();
      });
  }

  /** Wakes the worker unless it is busy or waits to read the queue again after a failure. */
  look(): void {
    if (!this.#loop && this.#failure === undefined) this.wake();
  }

  /** Why the queue could not be read the last time; undefined = it could. */
  get failure(): unknown {
    return this.#failure;
  }

  /** The attempts that run here. */
  attempts(): readonly Attempt[] {
    return [...this.#running.values()].map(({ begun }) => begun.attempt);
  }

  /** The ids of the jobs that run here. */
  running(): readonly string[] {
    return [...this.#running.keys()];
  }

  /** Stops the job if it runs here; resolves when its attempt has ended. False = it does not run here. */
  async cancel(jobId: string): Promise<boolean> {
    const running = this.#running.get(jobId);
    if (!running) return false;
    running.stop.abort('cancel' satisfies StopReason);
    await running.ended;
    return true;
  }

  /** Stops the running attempts; resolves when they have ended. The caller has aborted `closing`: no other starts. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    for (const { stop } of this.#running.values()) stop.abort('stop' satisfies StopReason);
    await this.#loop;
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
    this.#stopHeartbeat();
  }

  /** Ends the attempts that did not end after {@link stop}. */
  async leave(): Promise<void> {
    const { kinds } = this.#context;
    for (const { begun } of this.#running.values()) {
      const definition = kinds[begun.job.kind];
      if (definition) await leaveAttempt(this.#context, begun, definition);
    }
  }

  #wakeIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), Math.min(Math.max(ms, shortestPauseMs), 2 ** 31 - 1)).unref();
  }

  async #drain(): Promise<void> {
    const { dispatcher, host, files, shared } = this.#context;
    for (;;) {
      this.#again = false;
      const kinds = this.#mayClaim() ? this.#freeKinds() : [];
      if (kinds.length === 0) return;
      // A job may be queued again before its attempt has ended here: taken for dead by another host, or just now.
      const except = [...(shared ? await files.lacking() : []), ...this.running()];
      const { claim, askAgainAt } = await dispatcher.claim({ kinds, place: shared ? host.folder : undefined, except });
      if (!claim) {
        if (askAgainAt) this.#wakeIn(askAgainAt.getTime() - Date.now());
        return;
      }
      await this.#take(claim);
    }
  }

  /** Why nothing begins here now; undefined = both threads live, or one is being started again. */
  get death(): Error | undefined {
    const { device, cpu } = this.#context.threads;
    return device.death ?? cpu.death;
  }

  /**
   * Without its threads every job would end as soon as it is taken: they wait instead, for the next start where the
   * device thread is dead, and until a CPU thread works again where those that were started died one after the other.
   */
  #mayClaim(): boolean {
    const { threads, log, closing, claims } = this.#context;
    const { death } = this;
    if (!death || closing.aborted || !claims) {
      this.#reportedDeath = false;
      return claims && !closing.aborted;
    }
    if (!this.#reportedDeath) log.error({ error: death }, 'a thread has ended; queued jobs wait');
    this.#reportedDeath = true;
    if (!threads.device.death) this.#wakeIn(readAgainMs);
    return false;
  }

  #freeKinds(): string[] {
    const running = [...this.#running.values()].map(({ begun }) => begun.job.kind);
    return Object.values(this.#context.kinds)
      .filter(({ entry }) => running.filter((kind) => kind === entry.name).length < entry.concurrency)
      .map(({ entry }) => entry.name);
  }

  async #take(claim: Claim): Promise<void> {
    const { db, host, dispatcher, files, shared, kinds, notifier } = this.#context;
    try {
      if (shared && !(await files.has(claim.jobId))) {
        await dispatcher.complete(claim, { type: 'released', until: new Date(0) });
        return;
      }
      const begun = await beginAttempt(db, host, claim.jobId);
      const definition = begun && kinds[begun.job.kind];
      // It was cancelled or deleted, or an earlier ticket of it was delivered before.
      if (!definition) return await dispatcher.complete(claim, { type: 'done' });
      notifier.wake(claim.jobId);
      this.#start(claim, begun, definition);
    } catch (error) {
      await dispatcher.complete(claim, { type: 'released', until: new Date(0) }).catch(() => {});
      throw error;
    }
  }

  #start(claim: Claim, begun: Begun, definition: NonNullable<JobKinds[string]>): void {
    const { dispatcher, log, closing } = this.#context;
    const stop = new AbortController();
    if (closing.aborted) stop.abort('stop' satisfies StopReason);
    const ended = executeAttempt(this.#context, begun, definition, stop)
      .then(() => dispatcher.complete(claim, { type: 'done' }))
      .catch((error: unknown) => log.warn({ error, job: claim.jobId }, 'the ticket of a job could not be completed'))
      .finally(() => {
        this.#running.delete(claim.jobId);
        this.wake();
      });
    this.#running.set(claim.jobId, { begun, claim, stop, ended });
  }

  async #beat(): Promise<void> {
    const running = [...this.#running.values()];
    if (running.length === 0) return;
    const { db, dispatcher, log } = this.#context;
    try {
      const attempts = running.map(({ begun }) => begun.attempt);
      const leases = new Map((await renewLeases(db, attempts)).map((lease) => [lease.jobId, lease]));
      for (const { begun, stop } of running) {
        const lease = leases.get(begun.job.id);
        if (this.#running.get(begun.job.id)?.begun !== begun) continue;
        if (lease?.number !== begun.attempt.number) stop.abort('lost' satisfies StopReason);
        else if (lease.cancelRequested) stop.abort('cancel' satisfies StopReason);
      }
      await dispatcher.beat(running.map(({ claim }) => claim));
    } catch (error) {
      log.warn({ error }, 'the heartbeat of jobs could not be written');
    }
  }
}
