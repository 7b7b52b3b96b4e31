/**
 * The next run for this host: the oldest QUEUED one. Hosts that share a Postgres have data folders of their own; there it
 * is the oldest whose files lie here, and the others wait for the host that has theirs.
 */
import { and, asc, eq, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../db/open.ts';
import { runs } from '../db/schema.ts';
import { TandemError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { NamedKind, Storage } from '../storage/storage.ts';
import type { Host } from './host.ts';
import { type Attempt, claimRun, readInputs } from './run-store.ts';

export interface QueueContext {
  readonly db: Db;
  readonly storage: Pick<Storage, 'exists'>;
  readonly host: Host;
  /** Whether other hosts work on this database. */
  readonly shared: boolean;
  readonly log: Logger;
}

interface File {
  readonly kind: NamedKind;
  readonly digest: string;
}

interface Lack {
  readonly file: File;
  /** By `Date.now()`: then the run is read again, which may be gone, or need other files. */
  readonly until: number;
}

/** Runs that are read before it is given up until the next time; those known to lack files do not count. */
const mostLookedAt = 100;
const lackHoldsMs = 300_000;

export class RunQueue {
  readonly #context: QueueContext;
  /** Runs that wait for another host, each with a file that is missing here. */
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

  /** What is there by now, or was not looked at for a while. Costs a look at each missing file, and no query. */
  async #forgetLacks(): Promise<void> {
    const { storage } = this.#context;
    const there = new Map<string, Promise<boolean>>();
    for (const [runId, { file, until }] of this.#lacking) {
      const { kind, digest } = file;
      const name = `${kind} ${digest}`;
      const looked = there.get(name) ?? storage.exists(kind, digest);
      there.set(name, looked);
      if (until <= Date.now() || (await looked)) this.#lacking.delete(runId);
    }
  }

  async #hasFiles(runId: string): Promise<boolean> {
    const { log } = this.#context;
    const needed = await this.#filesOf(runId);
    const file = needed && (await this.#missingOf(needed));
    if (file) {
      log.warn({ run: runId, missing: file.digest }, 'a queued run waits for the host that has its files');
      this.#lacking.set(runId, { file, until: Date.now() + lackHoldsMs });
    }
    return needed !== undefined && file === undefined;
  }

  /** Undefined = the run was deleted since the queue was read. */
  async #filesOf(runId: string): Promise<readonly File[] | undefined> {
    try {
      const { model, datasets, resume } = await readInputs(this.#context.db, runId);
      return [
        { kind: 'models', digest: model.digest },
        ...datasets.map(({ dataset }) => ({ kind: 'datasets', digest: dataset.digest }) as const),
        ...(resume
          ? ([
              { kind: 'models', digest: resume.model },
              { kind: 'states', digest: resume.state },
            ] as const)
          : []),
      ];
    } catch (error) {
      if (error instanceof TandemError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  async #missingOf(needed: readonly File[]): Promise<File | undefined> {
    const { storage } = this.#context;
    for (const file of needed) {
      if (!(await storage.exists(file.kind, file.digest))) return file;
    }
    return undefined;
  }
}
