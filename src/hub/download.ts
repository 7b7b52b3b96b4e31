/**
 * Downloads the files that Tandem reads of a model on a Hugging Face hub, pinned to a commit, into <data folder>/hub;
 * later imports need no network. Called by the CPU thread. It does not interpret the model's files: formats/ does.
 */
import { readFile } from 'node:fs/promises';
import { exclusively } from '../storage/exclusive.ts';
import { fetchBlob } from './blobs.ts';
import { damaged, notDownloaded, placeOf } from './failures.ts';
import { checkReference, commitOf, filesOf, pinnedCommit, wantedFiles } from './repository.ts';
import { type Requester, requester } from './request.ts';
import { hasSnapshot, knownCommit, openSnapshot, remember, writeSnapshot } from './snapshots.ts';
import type { HubFile, HubProgress, HubReference, HubSettings, HubSnapshot } from './types.ts';

export interface DownloadOptions {
  /** <data folder>/hub */
  readonly folder: string;
  readonly settings: HubSettings;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: HubProgress) => void;
  /** Pause before a second try, doubled after each (default 500 ms). */
  readonly retryMs?: number;
}

export async function downloadModel(reference: HubReference, options: DownloadOptions): Promise<HubSnapshot> {
  checkReference(reference);
  const { folder, settings } = options;
  const pinned = pinnedCommit(reference);
  if (settings.offline) return openDownloaded(reference, pinned ?? (await knownCommit(folder, reference)), options);
  const found = pinned && (await openSnapshot(folder, reference, pinned));
  return found || new Download(reference, options).run(pinned);
}

async function openDownloaded(
  reference: HubReference,
  commit: string | undefined,
  { folder, settings }: DownloadOptions,
): Promise<HubSnapshot> {
  const found = commit && (await openSnapshot(folder, reference, commit));
  if (found) return found;
  const isThere = commit !== undefined && (await hasSnapshot(folder, reference.repository, commit));
  throw isThere ? damaged('A downloaded file', placeOf(reference, settings)) : notDownloaded(reference);
}

class Download {
  readonly #reference: HubReference;
  readonly #options: DownloadOptions;
  readonly #retryMs: number;
  #commit = '';

  constructor(reference: HubReference, options: DownloadOptions) {
    this.#reference = reference;
    this.#options = options;
    this.#retryMs = options.retryMs ?? 500;
  }

  async run(pinned: string | undefined): Promise<HubSnapshot> {
    const { folder } = this.#options;
    this.#commit = pinned ?? (await commitOf(this.#requester()));
    const known = pinned ? undefined : await openSnapshot(folder, this.#reference, this.#commit);
    const snapshot = known ?? (await this.#keep(await this.#fetchAll()));
    await remember(folder, this.#reference, this.#commit);
    return snapshot;
  }

  /** Another import may have made the same snapshot meanwhile and read it now, so an existing one is not replaced. */
  #keep(files: readonly HubFile[]): Promise<HubSnapshot> {
    const { folder, signal } = this.#options;
    const [reference, commit] = [this.#reference, this.#commit];
    const work = async (): Promise<HubSnapshot> => {
      const made = await openSnapshot(folder, reference, commit);
      return made ?? writeSnapshot(folder, reference, commit, files);
    };
    return exclusively(`hub ${folder} ${reference.repository} ${commit}`, work, signal);
  }

  async #fetchAll(): Promise<readonly HubFile[]> {
    const listed = await filesOf(this.#requester(), this.#commit);
    const wanted = wantedFiles(this.#reference.repository, listed);
    const texts = new Map<string, string>();
    for (const file of wanted.first) texts.set(file.path, await readFile(await this.#fetch(file, () => {}), 'utf8'));
    const files = wanted.all(texts);
    const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    for (const file of files) {
      const tell = (bytes: number) =>
        this.#options.onProgress?.({ file: file.path, doneBytes: before + bytes, totalBytes });
      await this.#fetch(file, tell);
      before += file.size;
    }
    return files;
  }

  /** Path of the file's blob. */
  #fetch(file: HubFile, onBytes: (bytes: number) => void): Promise<string> {
    const { folder, settings, signal } = this.#options;
    const path = file.path.split('/').map(encodeURIComponent).join('/');
    const url = `${settings.endpoint}/${this.#reference.repository}/resolve/${this.#commit}/${path}`;
    const request = { file, url, signal, onBytes, retryMs: this.#retryMs };
    return fetchBlob(folder, { ...request, requester: this.#requester(file.path) });
  }

  #requester(file?: string): Requester {
    const { settings, signal } = this.#options;
    const place = placeOf(this.#reference, settings);
    return requester(place, { token: settings.token, signal, retryMs: this.#retryMs, file });
  }
}
