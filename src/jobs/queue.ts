/**
 * The next run for this host: the oldest QUEUED one. Hosts that share a Postgres have data folders of their own; there it
 * is the oldest whose files lie here, and the others wait for the host that has theirs.
 */
import { asc, eq } from 'drizzle-orm';
import type { Db } from '../db/open.ts';
import { runs } from '../db/schema.ts';
import type { Logger } from '../log.ts';
import type { Storage } from '../storage/storage.ts';
import type { Host } from './host.ts';
import { type Attempt, claimRun, readInputs } from './run-store.ts';

export interface QueueContext {
  readonly db: Db;
  readonly storage: Storage;
  readonly host: Host;
  /** Whether other hosts work on this database. */
  readonly shared: boolean;
  readonly log: Logger;
}

/** Runs of other hosts that are looked past before it is given up until the next time. */
const mostLookedAt = 100;

export class RunQueue {
  readonly #context: QueueContext;
  /** Runs whose lack of files here was told. */
  readonly #told = new Set<string>();

  constructor(context: QueueContext) {
    this.#context = context;
  }

  /** Takes the next run as a new attempt; undefined = there is none. */
  async take(): Promise<Attempt | undefined> {
    const { db, host, shared } = this.#context;
    const queued = await db
      .select({ id: runs.id })
      .from(runs)
      .where(eq(runs.state, 'QUEUED'))
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

  async #hasFiles(runId: string): Promise<boolean> {
    const { db, storage, log } = this.#context;
    const { model, datasets, resume } = await readInputs(db, runId);
    const needed = [
      ['models', model.digest],
      ...datasets.map(({ dataset }) => ['datasets', dataset.digest] as const),
      ...(resume
        ? ([
            ['models', resume.model],
            ['states', resume.state],
          ] as const)
        : []),
    ] as const;
    for (const [kind, digest] of needed) {
      if (await storage.exists(kind, digest)) continue;
      if (!this.#told.has(runId))
        log.warn({ run: runId, missing: digest }, 'a queued run waits for the host that has its files');
      this.#told.add(runId);
      return false;
    }
    this.#told.delete(runId);
    return true;
  }
}
