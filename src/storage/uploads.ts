/**
 * The files that clients sent, in the folder `uploads` of the import folder: it is the server's own, and nothing else
 * of the import folder is ever written. A file is received beside its place, made durable, and renamed; none is
 * changed afterwards. What is on its way lies in a hidden folder that is named by the data folder, since several
 * servers may share an import folder.
 */
import { createHash, randomUUID } from 'node:crypto';
import { lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { diskError } from '../disk-full.ts';
import { badInput, conflict, limitExceeded, notFound, type TandemError, unavailable } from '../errors.ts';
import { exclusively } from './exclusive.ts';
import { syncFolder } from './files.ts';
import { describeFile } from './manifest.ts';
import { privateMode } from './private-folders.ts';

export const uploadsFolder = 'uploads';

/** What is known of a file before it comes. */
export interface Announced {
  readonly bytes: number | undefined;
  /** Hex. */
  readonly sha256: string | undefined;
}

export interface Received {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** False = the same bytes lay there already. */
  readonly created: boolean;
}

export interface UploadFolder {
  /** Removes what a killed process left on its way. Only at process start, by the owner of the data folder. */
  clean(): Promise<void>;
  /** Takes at most `most` bytes. `names` are those of upload-names.ts. Whatever fails, nothing of the file stays. */
  receive(
    names: readonly string[],
    body: AsyncIterable<Uint8Array>,
    options: { readonly announced: Announced; readonly most: number },
  ): Promise<Received>;
  /** Removes a folder with all that is in it. Throws NOT_FOUND. */
  remove(folder: string): Promise<void>;
}

export function openUploads(importDir: string, owner: string): UploadFolder {
  const underWay = `.${owner}`;
  async function rootOf(): Promise<string> {
    await mkdir(importDir, { recursive: true, mode: privateMode });
    return realpath(importDir);
  }
  /** Commits and removals of one folder come one after the other. */
  const inTurn = <T>(folder: string, work: () => Promise<T>): Promise<T> =>
    exclusively(`uploads ${importDir} ${folder}`, work);

  /** A new place for what is on its way. */
  async function stage(root: string): Promise<string> {
    return join(await makeFolders(root, [uploadsFolder, underWay]), randomUUID());
  }

  return {
    clean: async () => rm(join(importDir, uploadsFolder, underWay), { recursive: true, force: true }),
    receive: (names, body, { announced, most }) =>
      written(async () => {
        refuseSize(announced.bytes ?? 0, most);
        const root = await rootOf();
        const [path, target] = [names.join('/'), join(root, uploadsFolder, ...names)];
        const there = await lstat(target).catch(() => undefined);
        if (there && announced.bytes !== undefined && there.size !== announced.bytes) throw taken(path);
        const staged = await stage(root);
        try {
          const received = await write(staged, body, most);
          refuseDigest(received.sha256, announced.sha256);
          return await inTurn(names[0] ?? '', async () => {
            await makeFolders(root, [uploadsFolder, ...names.slice(0, -1)]);
            const created = await place(staged, target, path, received);
            return { ...received, created };
          });
        } finally {
          await rm(staged, { force: true });
        }
      }),
    remove: (folder) =>
      written(() =>
        inTurn(folder, async () => {
          const root = await rootOf();
          const target = join(root, uploadsFolder, folder);
          const found = await lstat(target).catch(() => undefined);
          if (!found?.isDirectory()) throw noFolder(folder);
          const aside = await stage(root);
          await rename(target, aside);
          await syncFolder(dirname(target));
          await rm(aside, { recursive: true, force: true });
        }),
      ),
  };
}

/** Makes what is missing of folders inside each other. A link among them may lead anywhere, and is refused. */
async function makeFolders(root: string, names: readonly string[]): Promise<string> {
  let path = root;
  for (const [i, name] of names.entries()) {
    path = join(path, name);
    const made = await mkdir(path, { mode: privateMode }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false;
        throw error;
      },
    );
    if (made) await syncFolder(dirname(path));
    else if (!(await lstat(path)).isDirectory()) throw noPlainFolder(names.slice(0, i + 1).join('/'));
  }
  return path;
}

/** Writes a file as it comes, and makes it durable. */
async function write(
  path: string,
  body: AsyncIterable<Uint8Array>,
  most: number,
): Promise<Pick<Received, 'bytes' | 'sha256'>> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      refuseSize(bytes, most);
      hash.update(chunk);
      await file.appendFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** False = the same bytes lie there. Throws CONFLICT where something else does. */
async function place(
  staged: string,
  target: string,
  path: string,
  { bytes, sha256 }: Pick<Received, 'bytes' | 'sha256'>,
): Promise<boolean> {
  const there = await lstat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (there) {
    if (there.isFile() && there.size === bytes && (await describeFile(target)).sha256 === sha256) return false;
    throw taken(path);
  }
  await rename(staged, target);
  await syncFolder(dirname(target));
  return true;
}

/** Runs `work`; what the disk or its rights forbid becomes an error that says how it is mended. */
async function written<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(error, onFullDisk) ?? unwritable(error) ?? error;
  }
}

const onFullDisk = {
  field: 'TANDEM_IMPORT',
  remedy: 'Free some space, or point TANDEM_IMPORT to another disk, and send the file again.',
} as const;

const unwritableCodes: readonly unknown[] = ['EACCES', 'EPERM', 'EROFS'];

const unwritable = (error: unknown): TandemError | null =>
  error instanceof Error && unwritableCodes.includes((error as NodeJS.ErrnoException).code)
    ? unavailable('The server may not write into its import folder', {
        field: 'TANDEM_IMPORT',
        expected: `a folder ${uploadsFolder} in it that the server may write`,
        remedy: 'Give the server the right to write there, or point TANDEM_IMPORT to another folder.',
      })
    : null;

function refuseSize(bytes: number, most: number): void {
  if (bytes <= most) return;
  throw limitExceeded('The file is too large', {
    field: 'body',
    expected: `at most ${most} bytes`,
    remedy: 'Set TANDEM_UPLOAD to more, or copy the file into the import folder.',
  });
}

function refuseDigest(found: string, announced: string | undefined): void {
  if (announced === undefined || announced === found) return;
  throw badInput(`The SHA-256 of what came is ${found}, not ${announced}`, {
    field: 'content-digest',
    expected: 'the bytes whose digest the header has',
    remedy: 'Send the file again.',
  });
}

const taken = (path: string): TandemError =>
  conflict(`There is another "${path}" already`, {
    field: 'path',
    expected: 'a path that is free, or the same bytes',
    remedy: `Choose another folder, or delete it first (DELETE /import/${path.split('/')[0]}).`,
  });

const noPlainFolder = (path: string): TandemError =>
  conflict(`"${path}" of the import folder is no plain folder`, {
    field: 'path',
    expected: 'a folder, no file and no link',
    remedy: 'Choose another folder, or take away what is there.',
  });

const noFolder = (folder: string): TandemError =>
  notFound(`There is no uploaded folder "${folder}"`, {
    field: 'path',
    expected: 'a folder that was uploaded',
    remedy: 'Correct the name; other folders of the import folder are not deleted by the server.',
  });
