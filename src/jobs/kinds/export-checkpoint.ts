/** Copies a checkpoint's folder, with a model card, to where people can take it. */
import type { BigIntStats } from 'node:fs';
import { mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Task } from '../../data/types.ts';
import { requireRow } from '../../db/rows.ts';
import { type CheckpointRow, jobs } from '../../db/schema.ts';
import { conflict } from '../../errors.ts';
import { copyOwn } from '../../storage/own-files.ts';
import { privateMode } from '../../storage/private-folders.ts';
import { defineJob, type JobContext } from '../define.ts';
import { cardFacts, modelCard } from './common/model-card.ts';
import { kindOf } from './entry.ts';

type ExportedFolder = {
  /** The folder, absolute, on the host that made it. */
  readonly path: string;
  readonly files: readonly string[];
  readonly bytes: number;
};

type Context = JobContext<ExportedFolder>;

export const exportCheckpoint = defineJob({
  entry: kindOf('export-checkpoint'),
  input: z.object({
    checkpointId: z.uuid(),
    folder: z.string(),
    /** Of a model with heads, which it is exported for; null of one without. Versions up to 0.2.0 wrote none. */
    task: z.enum(['ir', 'sts']).nullable().default(null),
  }),
  uses: ({ checkpointId }) => [{ kind: 'checkpoint', id: checkpointId }],
  subject: ({ checkpointId }) => checkpointId,
  /** The folder appears whole, and goes again where its job cannot be recorded. */
  async run(context: Context, { checkpointId, folder, task }) {
    const { db, config, signal, succeed } = context;
    const path = join(config.dataDir, 'export', folder);
    const checkpoint = await requireRow(db, 'checkpoints', checkpointId);
    if (!(await isOwn(context, path))) {
      if (await stat(path).catch(() => null)) throw taken(folder);
      await writeWhole(context, { checkpoint, task, to: path });
    }
    try {
      signal.throwIfAborted();
      const described = await describe(path);
      return await succeed(async () => ({ resultId: checkpointId, answer: { path, ...described } }));
    } catch (error) {
      // The error to report is why the export failed, even if the folder cannot be removed.
      if (!(await isKept(context).catch(() => true))) await takeBack(context, path).catch(() => {});
      throw error;
    }
  },
});

/**
 * True if the folder is needed: a later attempt has begun, which finds it and ends the export with it, or the commit
 * that records it was made after all. So, too, where the database cannot be asked.
 */
async function isKept({ db, job }: Context): Promise<boolean> {
  const [now] = await db.select({ attempt: jobs.attempt, state: jobs.state }).from(jobs).where(eq(jobs.id, job.id));
  return now !== undefined && (now.attempt > job.attempt || now.state === 'SUCCEEDED');
}

/** True of the folder that an earlier attempt made before its process died. */
async function isOwn({ earlier }: Context, path: string): Promise<boolean> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (!found) return false;
  return earlier.some(({ exported }) => exported === `${found.ino}` || exported === withBirth(found));
}

/** The number of a folder, which stays when it is moved, and its time of birth, where the file system keeps births. */
export async function folderIdentity(path: string): Promise<string> {
  const found = await stat(path, { bigint: true });
  return found.birthtimeNs < found.ctimeNs ? withBirth(found) : `${found.ino}`;
}

const withBirth = ({ ino, birthtimeNs }: BigIntStats): string => `${ino}-${birthtimeNs}`;

const taken = (folder: string) =>
  conflict(`There is an export folder "${folder}" already`, {
    field: 'input.folder',
    expected: 'a name that is not taken',
    remedy: 'Choose another name, or move the folder away.',
  });

interface Export {
  readonly checkpoint: CheckpointRow;
  readonly task: Task | null;
  /** The folder to make. */
  readonly to: string;
}

/** Goes file by file, or tensor by tensor, and looks meanwhile whether the job is to stop. */
async function writeWhole(context: Context, { checkpoint, task, to }: Export): Promise<void> {
  const { db, storage, cpu, config, signal, note } = context;
  const staged = await storage.stage();
  try {
    if (task === null) await copyOwn(storage, 'models', checkpoint.digest, staged, signal);
    else await cpu.call('writeTaskModel', { model: checkpoint.digest, task, folder: staged }, { signal });
    await writeFile(join(staged, 'README.md'), modelCard(await cardFacts(db, checkpoint, task)));
    await mkdir(join(config.dataDir, 'export'), { recursive: true, mode: privateMode });
    await note({ exported: await folderIdentity(staged) });
    await rename(staged, to);
  } catch (error) {
    await storage.discard(staged);
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ENOTEMPTY' || code === 'EEXIST' ? taken(basename(to)) : error;
  }
}

/** Gone at once: a kill while its files are deleted leaves no part of it. */
async function takeBack({ storage }: Context, path: string): Promise<void> {
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
