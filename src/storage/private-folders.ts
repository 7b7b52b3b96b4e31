/**
 * The folders that Tandem makes in a data folder are the user's alone, whatever the data folder is: they hold texts,
 * tokens and weights. Called at start by the owner of the data folder.
 */
import { chmod, lstat } from 'node:fs/promises';
import { join } from 'node:path';

/** Mode of every folder that Tandem makes. */
export const privateMode = 0o700;

const own = ['database', 'objects', 'tmp', 'hub', 'export', 'import'];
const others = 0o077;

export interface OpenToOthers {
  readonly path: string;
  /** For example 755. */
  readonly mode: string;
  /** Absent = it is not ours, and stays as it is. */
  readonly error?: unknown;
}

/**
 * Takes other users' rights from what an earlier start made with them. Returns what stays open: the data folder itself,
 * whose rights are its owner's matter, and folders that could not be changed. A link is left alone.
 */
export async function keepPrivate(dataDir: string): Promise<readonly OpenToOthers[]> {
  if (process.platform === 'win32') return [];
  const open: OpenToOthers[] = [];
  for (const name of ['', ...own]) {
    const path = join(dataDir, name);
    const found = await lstat(path).catch(() => undefined);
    if (!found?.isDirectory() || (found.mode & others) === 0) continue;
    const mode = (found.mode & 0o777).toString(8);
    if (name === '') open.push({ path, mode });
    else await chmod(path, privateMode).catch((error: unknown) => open.push({ path, mode, error }));
  }
  return open;
}
