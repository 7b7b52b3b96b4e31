/**
 * Whether this host has the files of a job. Hosts that share a Postgres have data folders of their own: a job waits for
 * the host that has what it reads. A job that lacks something here is not claimed again for a while.
 */
import { and, eq } from 'drizzle-orm';
import type { Db } from '../../db/open.ts';
import type { Use } from '../../db/schema/types.ts';
import { jobs } from '../../db/schema.ts';
import type { Logger } from '../../log.ts';
import { foldersOfUses } from '../../retention/folders.ts';
import type { Folder } from '../../retention/uses.ts';
import type { Storage } from '../../storage/storage.ts';

export interface FilesContext {
  readonly db: Db;
  readonly storage: Pick<Storage, 'exists'>;
  readonly log: Logger;
}

interface Lack {
  readonly folder: Folder;
  /** By `Date.now()`: then the job is looked at again, which may be gone, or need other files. */
  readonly until: number;
}

const lackHoldsMs = 300_000;

export class JobFiles {
  readonly #context: FilesContext;
  /** Jobs that wait for another host, each with a folder that is missing here. */
  readonly #lacking = new Map<string, Lack>();

  constructor(context: FilesContext) {
    this.#context = context;
  }

  /** The first of the folders that is missing here. */
  async missing(uses: readonly Use[]): Promise<Folder | undefined> {
    const { db, storage } = this.#context;
    for (const folder of await foldersOfUses(db, uses)) {
      if (!(await storage.exists(folder.kind, folder.digest))) return folder;
    }
    return undefined;
  }

  /**
   * Jobs that lack files here, without those whose files have come or that were not looked at for a while. Costs a look
   * at each missing folder, and no query.
   */
  async lacking(): Promise<readonly string[]> {
    const { storage } = this.#context;
    const there = new Map<string, Promise<boolean>>();
    for (const [jobId, { folder, until }] of this.#lacking) {
      const { kind, digest } = folder;
      const name = `${kind} ${digest}`;
      const looked = there.get(name) ?? storage.exists(kind, digest);
      there.set(name, looked);
      if (until <= Date.now() || (await looked)) this.#lacking.delete(jobId);
    }
    return [...this.#lacking.keys()];
  }

  /**
   * Whether a queued job can be worked on here; a job that cannot says what it lacks. True of one that is gone or not
   * queued any more, whose files may be gone too: its ticket is to be completed here, not to wait for another host.
   */
  async has(jobId: string): Promise<boolean> {
    const { db, log } = this.#context;
    const [job] = await db
      .select({ uses: jobs.uses })
      .from(jobs)
      .where(and(eq(jobs.id, jobId), eq(jobs.state, 'QUEUED')));
    const folder = await this.missing(job?.uses ?? []);
    if (!folder) return true;
    log.warn({ job: jobId, missing: folder.digest }, 'a queued job waits for the host that has its files');
    this.#lacking.set(jobId, { folder, until: Date.now() + lackHoldsMs });
    await db
      .update(jobs)
      .set({ lacks: `${folder.kind}/${folder.digest}` })
      .where(and(eq(jobs.id, jobId), eq(jobs.state, 'QUEUED')));
    return false;
  }
}
