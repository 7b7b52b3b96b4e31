/**
 * Reading files that Tandem wrote itself. What is wrong with one is no mistake of a caller and no defect: it was
 * damaged, or taken away, and the error names the file and what mends it. Every reader of an object in storage goes
 * through here, and what it reads is compared with the object's manifest meanwhile.
 */
import { constants, copyFile, mkdir, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { damagedFile, type ManifestKind, ownFileError, type StorageKind } from './damaged-file.ts';
import { listFiles, syncFile } from './files.ts';
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
import { comparedWith, type OwnFolder, openOwn, type ReadableFile } from './readable-file.ts';
import type { Storage } from './storage.ts';

/** The files of an object, by their path in its folder. They may be read after the call that gave them. */
export interface OwnFiles {
  readonly manifest: Manifest;
  /** Of all files. */
  readonly bytes: number;
  /** The caller closes it. */
  open(name: string): Promise<ReadableFile>;
  /** A whole file. */
  read(name: string): Promise<Buffer>;
}

/**
 * Says of an object without a manifest, as versions up to 0.2.0 left it, whether its files are those that were
 * published; throws a damaged file if not.
 */
export type Vouch = (path: string, name: string, found: Manifest) => Promise<void>;

/**
 * Reads an object of storage, or a part of it. What its readers find wrong in it becomes a damaged file; a file that
 * is there and cannot be read now (no rights, too many open files) is UNAVAILABLE with another reason.
 */
export async function readOwn<T>(
  storage: Storage,
  kind: ManifestKind,
  name: string,
  read: (path: string, files: OwnFiles) => Promise<T>,
  vouch?: Vouch,
): Promise<T> {
  const path = await storage.require(kind, name);
  return asOwn(kind, path, async () => {
    const folder = await openFolder(storage, { kind, name, path }, vouch);
    return comparedWith(folder, () => read(path, filesOf(folder)));
  });
}

/** {@link readOwn} of a single file, whose reader knows its sha256. */
export async function readOwnFile<T>(
  storage: Storage,
  kind: StorageKind,
  name: string,
  read: (path: string) => Promise<T>,
): Promise<T> {
  const path = await storage.require(kind, name);
  return asOwn(kind, path, () => read(path));
}

async function asOwn<T>(kind: StorageKind, path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw ownFileError(kind, path, error);
  }
}

function filesOf(folder: OwnFolder): OwnFiles {
  const { kind, path, manifest } = folder;
  const open = (name: string): Promise<ReadableFile> =>
    openOwn(folder, name).catch((error: unknown) => {
      throw ownFileError(kind, join(path, name), error);
    });
  return {
    manifest,
    bytes: totalBytes(manifest),
    open,
    async read(name) {
      const file = await open(name);
      try {
        return await file.read(0, file.size, (end) => damagedFile(kind, join(path, name), `it ends at byte ${end}`));
      } finally {
        await file.close();
      }
    },
  };
}

interface Place {
  readonly kind: ManifestKind;
  readonly name: string;
  readonly path: string;
}

/** The folder with its manifest. Every file is there, and as long as it was. */
async function openFolder(storage: Storage, place: Place, vouch: Vouch | undefined): Promise<OwnFolder> {
  const { kind, path } = place;
  const manifest = await manifestFor(storage, place, vouch);
  for (const [file, { bytes }] of manifest) {
    const { size } = await stat(join(path, file)).catch((error: unknown) => {
      throw ownFileError(kind, join(path, file), error);
    });
    if (size !== bytes) throw damagedFile(kind, join(path, file), `it has ${size} bytes, not ${bytes}`);
  }
  return { kind, path, manifest };
}

/** The manifest of an object; made, and written, where there is none or it is damaged. */
export async function manifestFor(
  storage: Storage,
  place: Place,
  vouch: Vouch = namedByContent(place.kind),
): Promise<Manifest> {
  const found = await readManifest(place.path);
  if (found && isOf(place, found)) return found;
  const manifest = await vouchedFor(place, vouch);
  await addManifest(storage, place.path, manifest);
  return manifest;
}

/** Objects that are named by their content have no other manifest. */
const isOf = ({ kind, name }: Place, manifest: Manifest): boolean =>
  !namesByContent.includes(kind) || digestOf(manifest) === name;

const namesByContent: readonly ManifestKind[] = ['models', 'states', 'units'];

async function vouchedFor({ path, name }: Place, vouch: Vouch): Promise<Manifest> {
  const found = await describeFiles(path, (await listFiles(path)).filter(isPublished));
  await vouch(path, name, found);
  return found;
}

/** Nothing happens where it cannot be written: the files were compared just now, and the next reader compares them. */
async function addManifest(storage: Storage, folder: string, manifest: Manifest): Promise<void> {
  const staged = await storage.stage().catch(() => undefined);
  if (staged === undefined) return;
  try {
    const path = join(staged, manifestName);
    await writeFile(path, encodeManifest(manifest));
    await syncFile(path);
    // The time of a folder says for which database it was published (retention/folder-owner.ts).
    const { atime, mtime } = await stat(folder);
    await rename(path, join(folder, manifestName));
    await utimes(folder, atime, mtime);
  } catch {
    // As said above.
  } finally {
    await storage.discard(staged);
  }
}

/** What file managers leave in folders is never part of an object. */
const isPublished = (path: string): boolean => !/(^|\/)(\..*|Thumbs\.db|desktop\.ini|manifest\.json)$/i.test(path);

const namedByContent =
  (kind: ManifestKind): Vouch =>
  async (path, name, found) => {
    if (digestOf(found) === name) return;
    throw damagedFile(
      kind,
      path,
      'its files are not those that were published, and it has no manifest that says which',
    );
  };

/** Copies the files of an object into an existing folder, and compares the copies with the manifest. */
export function copyOwn(
  storage: Storage,
  kind: ManifestKind,
  name: string,
  to: string,
  signal: AbortSignal,
): Promise<void> {
  return readOwn(storage, kind, name, async (path, { manifest }) => {
    for (const [file, { sha256 }] of manifest) {
      signal.throwIfAborted();
      const copy = join(to, file);
      await mkdir(dirname(copy), { recursive: true });
      await copyFile(join(path, file), copy, constants.COPYFILE_FICLONE);
      if ((await describeFile(copy, signal)).sha256 === sha256) continue;
      throw damagedFile(kind, join(path, file), 'its content is not what was written');
    }
  });
}
