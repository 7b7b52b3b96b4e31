/**
 * Immutable files of one data folder: data set versions, model folders, states, and what can be rebuilt from them.
 * Called by services, jobs and threads. Nothing is ever changed in place: it is staged under tmp/, made durable, then
 * renamed. Layout: <root>/objects/<kind>/<name>, <root>/tmp/<random>.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskError } from '../disk-full.ts';
import { invariant } from '../errors.ts';
import { damagedFile, type ManifestKind, type StorageKind } from './damaged-file.ts';
import { listFiles, syncFile, syncFolder, syncTree } from './files.ts';
import {
  describeFile,
  describeFiles,
  digestOf,
  encodeManifest,
  type Manifest,
  manifestName,
  readManifest,
  totalBytes,
} from './manifest.ts';
import { privateMode } from './private-folders.ts';

export interface Published {
  /** sha256 (hex) over the sorted list of (relative path, sha256, size), or the name that was given. */
  readonly digest: string;
  readonly bytes: number;
  /** True when the same object was there already, and whole; the staged one is gone then. */
  readonly reused: boolean;
}

export interface Storage {
  readonly root: string;
  /** Where an object lies or would lie. Names are relative, with safe characters only. */
  path(kind: StorageKind, name: string): string;
  exists(kind: StorageKind, name: string): Promise<boolean>;
  /** {@link path}; a damaged file (own-files.ts) when there is nothing. Whoever reads it does so by `readOwn`. */
  require(kind: StorageKind, name: string): Promise<string>;
  /** Names of the objects of a kind, or of what lies below one of them; sorted. What cannot be a name is left out. */
  list(kind: StorageKind, name?: string): Promise<string[]>;
  /** A new private folder under tmp/, on the same file system as the objects. */
  stage(): Promise<string>;
  /** Makes a staged folder durable with its manifest, under its digest or under the given name. */
  publish(kind: ManifestKind, stagedFolder: string, options?: { readonly name?: string }): Promise<Published>;
  /** Makes one staged file durable under a name. */
  publishFile(kind: StorageKind, stagedFile: string, name: string): Promise<Published>;
  /** Removes an object: it is gone at once and as a whole, whatever happens while its files are deleted. */
  remove(kind: StorageKind, name: string): Promise<{ readonly removed: boolean }>;
  /** Drops a staged folder or file; nothing happens if it is gone. */
  discard(staged: string): Promise<void>;
  /**
   * Removes what a killed process left staged or half removed, and segments, which no process finds again. Only at
   * process start, by the owner of the data folder.
   */
  clean(): Promise<void>;
}

export function openStorage(root: string): Storage {
  const path = (kind: StorageKind, name: string): string => join(root, 'objects', kind, safeName(name));
  const exists = (kind: StorageKind, name: string): Promise<boolean> => present(path(kind, name));
  const discard = (staged: string): Promise<void> => rm(staged, { recursive: true, force: true });

  /** `isWhole` says whether what is there already is what was staged; if not, it is damaged and is replaced. */
  async function moveInto(
    kind: StorageKind,
    staged: string,
    name: string,
    { bytes, isWhole }: { readonly bytes: number; readonly isWhole: (target: string) => Promise<boolean> },
  ): Promise<Published> {
    const target = path(kind, name);
    await mkdir(dirname(target), { recursive: true, mode: privateMode });
    const isThere = await present(target);
    const damaged = isThere && !(await isWhole(target)) ? await moveAside(kind, name) : undefined;
    const reused = (isThere && damaged === undefined) || !(await renameUnlessTaken(staged, target));
    if (damaged !== undefined) await discard(damaged);
    if (reused) await discard(staged);
    else await syncFolder(dirname(target));
    return { digest: name, bytes, reused };
  }

  /** Takes an object out of sight by one rename; undefined = there was none. */
  async function moveAside(kind: StorageKind, name: string): Promise<string | undefined> {
    const from = path(kind, name);
    const aside = join(root, 'tmp', randomUUID());
    await mkdir(dirname(aside), { recursive: true, mode: privateMode });
    if (!(await renameIfPresent(from, aside))) return undefined;
    await syncFolder(dirname(from));
    return aside;
  }

  return {
    root,
    path,
    exists,
    discard,
    async require(kind, name) {
      if (await exists(kind, name)) return path(kind, name);
      throw damagedFile(kind, path(kind, name), 'it is missing');
    },
    list: async (kind, name) =>
      (await namesIn(name === undefined ? join(root, 'objects', kind) : path(kind, name))).filter(isSafePart),
    async stage() {
      const folder = join(root, 'tmp', randomUUID());
      await durable(() => mkdir(folder, { recursive: true, mode: privateMode }));
      return folder;
    },
    async publish(kind, stagedFolder, { name } = {}) {
      const manifest = await describeFiles(stagedFolder, await listFiles(stagedFolder));
      return durable(async () => {
        await writeFile(join(stagedFolder, manifestName), encodeManifest(manifest));
        await syncTree(stagedFolder);
        const isWhole = (target: string): Promise<boolean> => holds(target, manifest, name);
        return moveInto(kind, stagedFolder, name ?? digestOf(manifest), { bytes: totalBytes(manifest), isWhole });
      });
    },
    async publishFile(kind, stagedFile, name) {
      const { bytes, sha256 } = await describeFile(stagedFile);
      return durable(async () => {
        await syncFile(stagedFile);
        const isWhole = async (target: string): Promise<boolean> => (await describeFile(target)).sha256 === sha256;
        return moveInto(kind, stagedFile, name, { bytes, isWhole });
      });
    },
    async remove(kind, name) {
      const aside = await moveAside(kind, name);
      if (aside === undefined) return { removed: false };
      await discard(aside);
      return { removed: true };
    },
    async clean() {
      await rm(join(root, 'tmp'), { recursive: true, force: true });
      await rm(join(root, 'objects', 'segments'), { recursive: true, force: true });
      // Notes that versions up to 0.2.0 left about folders which no row named yet.
      await rm(join(root, 'unnamed'), { recursive: true, force: true });
    },
  };
}

/** Runs `fill` on a new staged folder and publishes it; nothing stays behind if `fill` fails. */
export async function publishStaged<T>(
  storage: Storage,
  kind: ManifestKind,
  fill: (folder: string) => Promise<T>,
  options?: { readonly name?: string },
): Promise<Published & { readonly value: T }> {
  const folder = await storage.stage();
  try {
    const value = await durable(() => fill(folder));
    return { ...(await storage.publish(kind, folder, options)), value };
  } finally {
    await storage.discard(folder);
  }
}

/** Names become paths, so only plain ones: no absolute path, no `..`, no hidden file. */
function safeName(name: string): string {
  invariant(name.split('/').every(isSafePart), `Storage was asked for the name ${JSON.stringify(name)}`);
  return name;
}

const isSafePart = (part: string): boolean => /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(part);

/**
 * Whether a published folder holds what a staged one does; reads all of it. Under a name that was given the
 * descriptions (JSON) may differ, as the warnings of an import do: then they are as their own manifest says.
 */
async function holds(folder: string, staged: Manifest, name: string | undefined): Promise<boolean> {
  const published = await readManifest(folder);
  // A name that was given does not vouch for the files.
  if (published === undefined && name !== undefined) return false;
  for (const [path, { sha256 }] of staged) {
    const found = await describeFile(join(folder, path)).catch(() => undefined);
    if (found?.sha256 === sha256) continue;
    const mayDiffer = name !== undefined && path.endsWith('.json');
    if (!mayDiffer || found === undefined || found.sha256 !== published?.get(path)?.sha256) return false;
  }
  return true;
}

const present = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );

/** Nothing where there is no such folder. */
const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).then(
    (names) => names.sort(),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
      throw error;
    },
  );

/** False when another writer was first: an object of the same name has the same content. */
async function renameUnlessTaken(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

/** False when there is nothing to rename. */
async function renameIfPresent(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Runs `work`; a full disk becomes a typed error that names the remedy. */
async function durable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(error) ?? error;
  }
}
