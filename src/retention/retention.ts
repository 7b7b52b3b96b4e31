/**
 * Decides which folders of storage stay. Folders are named by their content, so several rows may name one, and the same
 * content may be published again while it is being removed. One process owns a data folder, so three rules in memory
 * are enough:
 * 1. Rows that name new folders are recorded, and folders removed, one at a time (`recording`, a short lock).
 * 2. While work is under way that may publish a folder, nothing is removed (`publishing`): that work may have found a
 *    folder that is unused until its row is recorded. Whether there is such work is asked under the lock.
 * 3. A folder is removed only if nothing uses it at that moment (uses.ts).
 * Payloads are stored and recorded in one short write, so that their removal waits for no publication.
 * What a killed process published and did not record is found at the next start (`collectGarbage`).
 */
import type { Db } from '../db/open.ts';
import { createLogger } from '../log.ts';
import { exclusively } from '../storage/exclusive.ts';
import { isDigest } from '../storage/objects.ts';
import type { Storage } from '../storage/storage.ts';
import { claimFolder } from './folder-owner.ts';
import { removeTokensOf, removeUnusedTokens } from './token-files.ts';
import { type FolderKind, unusedFolders } from './uses.ts';

export interface RetentionOptions {
  readonly db: Db;
  readonly storage: Storage;
  /** Called before a model's folder is removed: whatever holds the model in memory gives it up. */
  readonly forget: (modelDigest: string) => Promise<void>;
}

const kinds: readonly FolderKind[] = ['datasets', 'models', 'states', 'units', 'payloads'];

export class Retention {
  readonly #options: RetentionOptions;
  /** Each resolves when work that may publish folders has ended, well or not. */
  readonly #publications = new Set<Promise<void>>();
  /** Removals that wait for publications. */
  readonly #removals = new Set<Promise<void>>();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /**
   * Runs a short write that records rows which name folders. No folder is removed meanwhile. It must not wait for a
   * computation, and must not be called inside a transaction.
   */
  recording<T>(write: () => Promise<T>): Promise<T> {
    return exclusively(`folders of ${this.#options.storage.root}`, write);
  }

  /**
   * Runs work, however long, that publishes folders and records their rows. Folders that it finds in storage stay
   * meanwhile. It starts once a removal that holds the lock has ended; removals that take the lock later wait for the
   * work to end.
   */
  publishing<T>(work: () => Promise<T>): Promise<T> {
    const result = this.recording(async () => {}).then(work);
    const ended = result.then(
      () => {},
      () => {},
    );
    this.#publications.add(ended);
    void ended.then(() => this.#publications.delete(ended));
    return result;
  }

  /**
   * Removes those of the folders that nothing uses, after the commit that deleted or changed their rows: at once, or in
   * the background once no publication is under way. Removals that are still waiting when the process ends are made by
   * `collectGarbage` at the next start.
   */
  async release(kind: FolderKind, digests: readonly (string | null)[]): Promise<void> {
    const postponed = await this.#remove(kind, digests);
    if (postponed.length === 0) return;
    const removal = Promise.all(this.#publications)
      .then(() => this.release(kind, postponed))
      .catch((error: unknown) => {
        createLogger('retention').warn({ error, kind }, 'unused folders were not removed; the next start removes them');
      })
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }

  /** Resolves when the removals that wait for publications have been made. */
  async settled(): Promise<void> {
    while (this.#removals.size > 0) await Promise.all(this.#removals);
  }

  /**
   * At start, before any work: removes the folders that nothing uses, of those that were published for this database,
   * and the token files of data sets and models that are gone.
   */
  async collectGarbage(databaseId: string): Promise<void> {
    const { storage } = this.#options;
    const isOurs = await claimFolder(storage, databaseId);
    for (const kind of kinds) {
      const ours: string[] = [];
      for (const name of await storage.list(kind)) {
        // Other files, as file managers leave them, are not ours to remove.
        if (isDigest(name) && (await isOurs(kind, name))) ours.push(name);
      }
      await this.#remove(kind, ours);
    }
    await removeUnusedTokens(this.#options);
  }

  /**
   * Returns the unused digests whose removal must wait, because a publication is under way that may have found them.
   */
  async #remove(kind: FolderKind, digests: readonly (string | null)[]): Promise<string[]> {
    const { db, storage, forget } = this.#options;
    const postponed: string[] = [];
    for (const digest of await unusedFolders(db, kind, digests)) {
      if (kind === 'models') await forget(digest);
      await this.recording(async () => {
        // Under the lock: a publication is either counted here, or starts after the removal.
        if (this.#publications.size > 0 && kind !== 'payloads') return void postponed.push(digest);
        const [unused] = await unusedFolders(db, kind, [digest]);
        if (unused === undefined) return;
        await storage.remove(kind, digest);
        await removeTokensOf(storage, kind, digest);
      });
    }
    return postponed;
  }
}
