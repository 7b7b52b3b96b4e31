/**
 * What a data folder was written by. Read before anything else in it is opened; a folder of another format is refused.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageVersion } from '../assets.ts';
import { conflict } from '../errors.ts';

/** Layout of the data folder; counts up when an older Tandem could not read it. */
export const dataFormat = 1;
/** The PGlite that writes database/; package.json pins it. Patch releases read each other's files. */
export const pgliteVersion = '0.5.14';

export interface FolderFormat {
  readonly format: number;
  readonly pglite: string;
  /** Tandem's version that wrote it last. */
  readonly tandem: string;
}

/** Records the format in a new folder; refuses a folder that another Tandem must open. */
export async function checkFormat(dataDir: string): Promise<FolderFormat> {
  const path = join(dataDir, 'format.json');
  const found = await readFormat(path);
  if (found) refuseOther(dataDir, found);
  const now: FolderFormat = { format: dataFormat, pglite: pgliteVersion, tandem: packageVersion() };
  if (JSON.stringify(found) !== JSON.stringify(now)) {
    await writeFile(`${path}.new`, JSON.stringify(now));
    await rename(`${path}.new`, path);
  }
  return now;
}

async function readFormat(path: string): Promise<FolderFormat | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as FolderFormat;
    if (Number.isInteger(value.format) && typeof value.pglite === 'string') return value;
  } catch {
    // Reported below, together with a file of another shape.
  }
  throw conflict(`${path} is not a format record of Tandem`, {
    field: path,
    expected: `{"format": ${dataFormat}, "pglite": "${pgliteVersion}"}`,
    remedy: 'Restore the file from a backup of the data folder, or name another folder by TANDEM_DATA.',
  });
}

function refuseOther(dataDir: string, found: FolderFormat): void {
  if (found.format !== dataFormat) {
    const age = found.format > dataFormat ? 'a newer' : 'an older';
    throw other(dataDir, found, `has format ${found.format}, of ${age} Tandem`, `format ${dataFormat}`);
  }
  const order = compareLines(found.pglite, pgliteVersion);
  if (order !== 0) {
    const age = order > 0 ? 'a newer' : 'an older';
    throw other(dataDir, found, `was written by ${age} PGlite, ${found.pglite}`, `PGlite ${lineOf(pgliteVersion)}.x`);
  }
}

const other = (dataDir: string, found: FolderFormat, what: string, expected: string) =>
  conflict(`The data folder ${dataDir} ${what}`, {
    field: 'TANDEM_DATA',
    expected: `a data folder of ${expected}`,
    remedy: `Open it with Tandem ${found.tandem}, or name another folder by TANDEM_DATA and import again.`,
  });

/** `0.5.14` -> `0.5`: the releases that share files. */
const lineOf = (version: string): string => version.split('.').slice(0, 2).join('.');

function compareLines(a: string, b: string): number {
  const [majorA, minorA] = lineOf(a).split('.').map(Number);
  const [majorB, minorB] = lineOf(b).split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}
