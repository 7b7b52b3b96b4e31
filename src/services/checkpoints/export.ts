/** exportCheckpoint: a copy of the folder where people can take it. */
import { constants } from 'node:fs';
import { cp, mkdir, readdir, rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { CheckpointRow, JobRow } from '../../db/schema.ts';
import { badInput, conflict } from '../../errors.ts';
import { requireRow } from '../common/rows.ts';
import { runJob } from '../jobs/jobs.ts';
import type { Tandem } from '../tandem.ts';

export interface Exported {
  readonly checkpoint: CheckpointRow;
  /** The folder, absolute. */
  readonly path: string;
  readonly files: readonly string[];
  readonly bytes: number;
  readonly job: JobRow;
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const field = 'input.folder';

/**
 * Copies to <data folder>/export/<folder>; the folder appears whole, and goes again where its job cannot be recorded.
 */
export async function exportCheckpoint(tandem: Tandem, checkpointId: string, folder: string): Promise<Exported> {
  if (!namePattern.test(folder)) {
    throw badInput(`"${folder.slice(0, 120)}" is no name of an export folder`, {
      field,
      expected: '1 to 100 letters, digits, dots, dashes and underscores, beginning with a letter or digit',
      remedy: 'Give the name alone; it is made under <data folder>/export.',
    });
  }
  const checkpoint = await requireRow(tandem.database.db, 'checkpoints', checkpointId, 'input.checkpoint');
  const path = join(tandem.config.dataDir, 'export', folder);
  const { job } = await runJob(
    tandem,
    'export-checkpoint',
    { input: { checkpointId, folder }, uses: [{ kind: 'checkpoint', id: checkpointId }] },
    async ({ signal, succeed }) => {
      await refuseExisting(path, folder);
      await copyWhole(tandem, await tandem.storage.require('models', checkpoint.digest), path, signal);
      return succeed(async () => checkpoint.id).catch(async (error: unknown) => {
        // The error to report is why the export failed, even if the folder cannot be removed.
        await takeBack(tandem, path).catch(() => {});
        throw error;
      });
    },
  );
  return { checkpoint, path, job, ...(await describe(path)) };
}

async function refuseExisting(path: string, folder: string): Promise<void> {
  if (await stat(path).catch(() => null)) throw taken(folder);
}

const taken = (folder: string) =>
  conflict(`There is an export folder "${folder}" already`, {
    field,
    expected: 'a name that is not taken',
    remedy: 'Choose another name, or move the folder away.',
  });

/** Copies file by file and looks between two whether the job is to stop. */
async function copyWhole({ storage, config }: Tandem, from: string, to: string, signal: AbortSignal): Promise<void> {
  const staged = await storage.stage();
  try {
    const filter = (): boolean => {
      signal.throwIfAborted();
      return true;
    };
    await cp(from, staged, { recursive: true, mode: constants.COPYFILE_FICLONE, filter });
    signal.throwIfAborted();
    await mkdir(join(config.dataDir, 'export'), { recursive: true });
    await rename(staged, to);
  } catch (error) {
    await storage.discard(staged);
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ENOTEMPTY' || code === 'EEXIST' ? taken(basename(to)) : error;
  }
}

/** Gone at once: a kill while its files are deleted leaves no part of it. */
async function takeBack({ storage }: Tandem, path: string): Promise<void> {
  const aside = await storage.stage();
  await rename(path, join(aside, 'export')).finally(() => storage.discard(aside));
}

async function describe(path: string): Promise<{ files: string[]; bytes: number }> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  let bytes = 0;
  for (const file of paths) bytes += (await stat(file)).size;
  return { files: paths.map((file) => file.slice(path.length + 1)).sort(), bytes };
}
