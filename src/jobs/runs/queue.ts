/**
 * The next run for this host: the oldest QUEUED one. Hosts that share a Postgres have data folders of their own; there
 * it is the oldest whose files lie here, and the others wait for the host that has theirs.
 */
import { and, asc, eq, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../../db/open.ts';
import { runs } from '../../db/schema.ts';
import { TandemError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Storage } from '../../storage/storage.ts';
import type { Host } from '../engine/host.ts';
import { type Folder, missingFolder } from './files.ts';
import { type Attempt, claimRun, type RunInputs, readInputs } from './store.ts';

export interface QueueContext {
  readonly db: Db;
  readonly storage: Pick<Storage, 'exists'>;
  readonly host: Host;
  /** Whether other hosts work on this database. */
  readonly shared: boolean;
  readonly log: Logger;
}

interface Lack {
  readonly folder: Folder;
  /** By `Date.now()`: then the run is read again, which may be gone, or need other files. */
  readonly until: number;
}

/** Runs that are read before it is given up until the next time; those known to lack files do not count. */
const mostLookedAt = 100;
const lackHoldsMs = 300_000;

export class RunQueue {
  readonly #context: QueueContext;
  /** Runs that wait for another host, each with a folder that is missing here. */
  readonly #lacking = new Map<string, Lack>();

  constructor(context: QueueContext) {
    this.#context = context;
  }

  /** Takes the next run as a new attempt; undefined = there is none. */
  async take(): Promise<Attempt | undefined> {
    const { db, host, shared } = this.#context;
    await this.#forgetLacks();
    const queued = await db
      .select({ id: runs.id })
      .from(runs)
      .where(and(eq(runs.state, 'QUEUED'), this.#notLacking()))
      .orderBy(asc(runs.createdAt), asc(runs.id))
      .limit(mostLookedAt);
    for (const { id } of queued) {
      if (shared && !(await this.#hasFiles(id))) continue;
      // Another host may have been faster, or a cancel.
      const attempt = await claimRun(db, host, id);
      if (attempt) return attempt;
    }
    return undefined;
  }

  #notLacking(): SQL | undefined {
    if (this.#lacking.size === 0) return undefined;
    return sql`${runs.id} <> all(${sql.param([...this.#lacking.keys()])}::uuid[])`;
  }

  /** What is there by now, or was not looked at for a while. Costs a look at each missing folder, and no query. */
  async #forgetLacks(): Promise<void> {
    const { storage } = this.#context;
    const there = new Map<string, Promise<boolean>>();
    for (const [runId, { folder, until }] of this.#lacking) {
      const { kind, digest } = folder;
      const name = `${kind} ${digest}`;
      const looked = there.get(name) ?? storage.exists(kind, digest);
      there.set(name, looked);
      if (until <= Date.now() || (await looked)) this.#lacking.delete(runId);
    }
  }

  async #hasFiles(runId: string): Promise<boolean> {
    const { storage, log } = this.#context;
    const inputs = await this.#inputsOf(runId);
    const folder = inputs && (await missingFolder(storage, inputs));
    if (folder) {
      log.warn({ run: runId, missing: folder.digest }, 'a queued run waits for the host that has its files');
      this.#lacking.set(runId, { folder, until: Date.now() + lackHoldsMs });
    }
    return inputs !== undefined && folder === undefined;
  }

  /** Undefined = the run was deleted since the queue was read. */
  async #inputsOf(runId: string): Promise<RunInputs | undefined> {
    try {
      return await readInputs(this.#context.db, runId);
    } catch (error) {
      if (error instanceof TandemError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  }
}
