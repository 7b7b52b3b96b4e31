/**
 * Attempts whose process is gone: at start those of the process that had the data folder before, and at all times those
 * whose lease is over. Their jobs begin again, or are INTERRUPTED, CANCELLED or FAILED (ending.ts).
 */
import { and, asc, eq, inArray, isNull, not, notInArray, or, type SQL, sql } from 'drizzle-orm';
import type { Database, Db } from '../../db/open.ts';
import { jobAttempts, jobs } from '../../db/schema.ts';
import type { Logger } from '../../log.ts';
import { endAttempt, endingOfDeath, interruptedWaiting } from './ending.ts';
import type { FollowersContext } from './followers.ts';
import { type Host, leaseIsOver } from './host.ts';
import { type Attempt, changeState, isAttempt, LostJob, ownJob } from './store.ts';
import { ticketOf } from './ticket.ts';

export interface DeathsContext extends FollowersContext {
  readonly db: Db;
  readonly host: Host;
  /** The attempts that run in this process. */
  readonly running: () => readonly Attempt[];
}

/**
 * Called at start, before this process starts any work. In an embedded database all open attempts are those of a dead
 * process, because this process holds the folder's lock; elsewhere, those of the processes that had the folder before,
 * and those whose lease is over. Returns the ids of their jobs.
 */
export async function endEarlierAttempts(context: DeathsContext, { kind }: Database): Promise<string[]> {
  const { dead } = context.host;
  if (kind === 'pglite') {
    await interruptWaiting(context, undefined);
    await enqueueAgain(context, undefined);
    return endDeadAttempts(context, undefined);
  }
  await interruptWaiting(context, inArray(jobs.acceptedBy, [...dead]));
  await enqueueAgain(context, eq(jobs.place, context.host.folder));
  const ofDead = inArray(jobAttempts.process, [...dead]);
  return endDeadAttempts(context, or(ofDead, leaseIsOver(jobAttempts.leaseUntil)));
}

/**
 * A process that died between the claim of a ticket and the begin of the attempt leaves a ticket that nobody else gets
 * until its lease is over. Jobs that only this host works on get another one, unless they wait for other jobs.
 */
async function enqueueAgain({ db, kinds, dispatcher }: DeathsContext, condition: SQL | undefined): Promise<void> {
  await db.transaction(async (tx) => {
    const waiting = await tx
      .select()
      .from(jobs)
      .where(and(eq(jobs.state, 'QUEUED'), isNull(jobs.after), eq(jobs.awaitsParts, false), condition))
      .orderBy(asc(jobs.createdAt), asc(jobs.id))
      .for('update');
    for (const job of waiting) await dispatcher.enqueue(tx, ticketOf(job, kinds[job.kind]?.entry));
  });
}

/**
 * Interrupts queued jobs whose caller is gone and cannot come back, because it gave no idempotency key: begun now, they
 * would make a second result beside that of a repeated request. Work that is resumed has no caller, and a part has the
 * whole that awaits it.
 */
export async function interruptWaiting(
  { db, kinds, dispatcher }: Pick<DeathsContext, 'db' | 'kinds' | 'dispatcher'>,
  condition: SQL | undefined,
): Promise<void> {
  const resumed = Object.values(kinds).filter(({ entry }) => entry.retry === null);
  await db.transaction(async (tx) => {
    const waiting = await tx
      .select()
      .from(jobs)
      .where(
        and(
          eq(jobs.state, 'QUEUED'),
          isNull(jobs.idempotencyKey),
          isNull(jobs.partOf),
          notInArray(
            jobs.kind,
            resumed.map(({ entry }) => entry.name),
          ),
          condition,
        ),
      )
      .for('update');
    for (const job of waiting) {
      await dispatcher.cancel(tx, job.id);
      await changeState(tx, job, 'INTERRUPTED', { ...interruptedWaiting(), finishedAt: new Date() });
    }
  });
}

/** Those whose lease is over, except what runs here: the database may have been unreachable for a while. */
const endSilentAttempts = (context: DeathsContext): Promise<string[]> =>
  endDeadAttempts(context, leaseIsOver(jobAttempts.leaseUntil));

async function endDeadAttempts(context: DeathsContext, condition: SQL | undefined): Promise<string[]> {
  const found = await context.db
    .select({ jobId: jobs.id, number: jobs.attempt })
    .from(jobAttempts)
    .innerJoin(jobs, and(eq(jobs.id, jobAttempts.jobId), eq(jobs.attempt, jobAttempts.number)))
    .where(and(isNull(jobAttempts.endedAt), eq(jobs.state, 'RUNNING'), isElsewhere(context.running()), condition));
  const ended: string[] = [];
  for (const attempt of found) if (await endDead(context, attempt, condition)) ended.push(attempt.jobId);
  return ended;
}

const isElsewhere = (running: readonly Attempt[]): SQL | undefined =>
  running.length === 0 ? undefined : not(or(...running.map(isAttempt)) ?? sql`false`);

/** Returns false if another process was faster, or the owner ended it or showed life after all. */
async function endDead(context: DeathsContext, attempt: Attempt, condition: SQL | undefined): Promise<boolean> {
  const { db, kinds } = context;
  try {
    return await db.transaction(async (tx) => {
      const job = await ownJob(tx, attempt);
      const still = await tx
        .select({ number: jobAttempts.number })
        .from(jobAttempts)
        .where(and(isAttempt(attempt), condition))
        .for('update');
      if (still.length === 0) return false;
      const entry = kinds[job.kind]?.entry;
      await endAttempt(tx, context, { attempt, entry }, endingOfDeath(job, entry));
      return true;
    });
  } catch (error) {
    if (error instanceof LostJob) return false;
    throw error;
  }
}

const everyMs = 30_000;

/** Looks for silent attempts every 30 s. `stop` ends it and resolves when a search in progress has ended. */
export function startReaper(
  context: DeathsContext & { readonly log: Logger; readonly onEnded: (jobId: string) => void },
): { stop(): Promise<void> } {
  const { log, onEnded } = context;
  let looking: Promise<void> = Promise.resolve();
  async function look(): Promise<void> {
    try {
      const ended = await endSilentAttempts(context);
      for (const jobId of ended) onEnded(jobId);
      if (ended.length > 0) log.warn({ jobs: ended }, 'work of a silent process was ended');
    } catch (error) {
      log.warn({ error }, 'the work of silent processes could not be looked for');
    }
  }
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, everyMs).unref();
  return {
    stop: () => {
      clearInterval(timer);
      return looking;
    },
  };
}
