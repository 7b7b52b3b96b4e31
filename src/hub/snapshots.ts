/**
 * Downloaded models: <folder>/snapshots/<owner>--<name>/<commit>/ has the files, <commit>.json beside it their
 * checksums, and <folder>/refs/<owner>--<name>/<revision>.json the commit that a revision last stood for.
 */

import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncTree } from '../storage/files.ts';
import { privateMode } from '../storage/private-folders.ts';
import { blobPath } from './blobs.ts';
import { holds } from './checksum.ts';
import { writeFailure } from './failures.ts';
import type { HubFile, HubReference, HubSnapshot } from './types.ts';

const folderName = (repository: string): string => repository.replaceAll('/', '--');
const snapshotPath = (folder: string, repository: string, commit: string): string =>
  join(folder, 'snapshots', folderName(repository), commit);
const refPath = (folder: string, { repository, revision }: HubReference): string =>
  join(folder, 'refs', folderName(repository), `${encodeURIComponent(revision)}.json`);

/** The commit that a revision stood for when it was last downloaded. */
export async function knownCommit(folder: string, reference: HubReference): Promise<string | undefined> {
  const text = await readFile(refPath(folder, reference), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as { commit: string }).commit;
}

/**
 * The snapshot if all its files still match their checksums; undefined if there is none, or a file was changed or
 * lost.
 */
export async function openSnapshot(
  folder: string,
  reference: HubReference,
  commit: string,
): Promise<HubSnapshot | undefined> {
  const path = snapshotPath(folder, reference.repository, commit);
  const text = await readFile(`${path}.json`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { files } = JSON.parse(text) as { files: readonly HubFile[] };
  for (const file of files) if (!(await holds(join(path, file.path), file))) return undefined;
  return describe(path, reference, commit, files);
}

/** Records the commit that the revision stands for now. */
export const remember = (folder: string, reference: HubReference, commit: string): Promise<void> =>
  writeWhole(refPath(folder, reference), { commit });

/** Makes the snapshot from blobs that were downloaded before. */
export async function writeSnapshot(
  folder: string,
  reference: HubReference,
  commit: string,
  files: readonly HubFile[],
): Promise<HubSnapshot> {
  const path = snapshotPath(folder, reference.repository, commit);
  const staged = `${path}.${randomUUID()}`;
  try {
    for (const file of files) await place(blobPath(folder, file.etag), join(staged, file.path));
    await syncTree(staged);
    await rm(path, { recursive: true, force: true });
    await rename(staged, path);
    await writeWhole(`${path}.json`, { repository: reference.repository, commit, files });
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    throw writeFailure(error);
  }
  return describe(path, reference, commit, files);
}

/** A hard link where the file system allows it, else a copy. */
async function place(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: privateMode });
  await link(from, to).catch(() => copyFile(from, to));
}

async function writeWhole(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: privateMode });
  const staged = `${path}.${randomUUID()}`;
  await writeFile(staged, `${JSON.stringify(value, undefined, 2)}\n`, { flush: true });
  await rename(staged, path);
}

function describe(path: string, reference: HubReference, commit: string, files: readonly HubFile[]): HubSnapshot {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return { ...reference, commit, folder: path, files, bytes };
}

/** True if there is a folder of the commit, in whatever state. */
export const hasSnapshot = (folder: string, repository: string, commit: string): Promise<boolean> =>
  stat(snapshotPath(folder, repository, commit)).then(
    () => true,
    () => false,
  );
