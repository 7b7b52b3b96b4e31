/** Which files hold which split, and the seeded split of a single file. */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { badInput } from '../../errors.ts';
import { RandomStream } from '../../random/keyed.ts';
import { type Split, splits } from '../types.ts';

export interface SplitFile {
  readonly path: string;
  /** null: the file holds every split; its records are drawn. */
  readonly split: Split | null;
}

/** File names of a split, without extension. */
const aliases: Readonly<Record<Split, readonly string[]>> = {
  train: ['train'],
  dev: ['dev', 'validation', 'valid'],
  test: ['test'],
};

/**
 * The files to read at a path: the file itself, or train, dev, test of a folder. Extensions in order of preference,
 * with the dot.
 */
export async function findSplitFiles(path: string, extensions: readonly string[]): Promise<SplitFile[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw badInput(`There is no file or folder ${basename(path)}`, { field: 'source.path' });
  if (found.isFile()) {
    if (extensions.includes(extname(path).toLowerCase())) return [{ path, split: null }];
    throw badInput(`${basename(path)} is of the wrong kind`, {
      field: 'source.path',
      expected: `a file ending in ${extensions.join(', ')}, or a folder with train, dev and test`,
      remedy: 'Choose the importer that reads this kind of file, or rename the file.',
    });
  }
  const present = await readdir(path);
  const files = splits.flatMap((split) => {
    const wanted = aliases[split].flatMap((name) => extensions.map((extension) => name + extension));
    const name = wanted.find((candidate) => present.includes(candidate));
    return name === undefined ? [] : [{ path: join(path, name), split }];
  });
  if (files.length > 0) return files;
  throw badInput(`The folder ${basename(path)} holds no data set of this kind`, {
    field: 'source.path',
    expected: `train, dev or test with the ending ${extensions.join(', ')}`,
    remedy: 'Name one file, or name the files of the folder train, dev and test.',
  });
}

export interface SplitShares {
  readonly seed: number;
  readonly devShare: number;
  readonly testShare: number;
}

/** A split for each of n records: rounded shares of dev and test, drawn by the seed; the rest is train. */
export function drawSplits(n: number, { seed, devShare, testShare }: SplitShares): (record: number) => Split {
  const assigned = new Uint8Array(n);
  const order = new RandomStream(seed, purposeOfSplits).permutation(n);
  const dev = Math.round(n * devShare);
  const test = Math.min(Math.round(n * testShare), n - dev);
  for (let index = 0; index < dev + test; index++) assigned[order[index]!] = index < dev ? 1 : 2;
  return (record) => splits[assigned[record]!]!;
}

const purposeOfSplits = 21;
