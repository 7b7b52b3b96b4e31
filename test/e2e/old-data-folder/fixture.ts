/** The data folder of test/fixtures/data-folder-0.2.0, and what 0.2.0 said of it. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress, constants } from 'node:zlib';
import { readTar } from '../../../src/tar.ts';

const fixture = join(import.meta.dirname, '../../fixtures/data-folder-0.2.0');

export interface Answer {
  /** Name of an operation in queries.graphql. */
  readonly name: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What 0.2.0 made of a run that had not ended. */
export interface EndedRun {
  readonly name: string;
  readonly state: string;
  readonly attempt: number;
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly checkpoints: {
    readonly nodes: readonly { readonly reason: string; readonly step: number; readonly digest: string }[];
  };
}

export interface Expected {
  /** What made and computed it. */
  readonly made: {
    readonly tandem: string;
    readonly webgpu: string;
    readonly adapter: { readonly name: string; readonly driver: string; readonly backend: string };
  };
  /** sha256 of every file below export/. */
  readonly exported: Readonly<Record<string, string>>;
  readonly answers: readonly Answer[];
  readonly ended: readonly EndedRun[];
}

export const expected = JSON.parse(readFileSync(join(fixture, 'expected.json'), 'utf8')) as Expected;
/** GraphQL text with every operation that an answer names. */
export const queries = readFileSync(join(fixture, 'queries.graphql'), 'utf8');

/** A row of a list; the lists are those that 0.2.0 gave. */
export interface Row {
  readonly id: string;
  readonly name: string;
}

export function rowsOf<T = Row>(list: string): readonly T[] {
  const answer = expected.answers.find(({ name }) => name === list)!;
  return (answer.data[list.toLowerCase()] as { readonly nodes: readonly T[] }).nodes;
}

export const idOf = (list: string, name: string): string => rowsOf(list).find((row) => row.name === name)!.id;

/** Unpacks the data folder into an existing folder. */
export async function unpackFixture(folder: string): Promise<void> {
  const packed = await readFile(join(fixture, 'folder.tar.br'));
  const params = { [constants.BROTLI_DECODER_PARAM_LARGE_WINDOW]: 1 };
  for (const { name, content } of readTar(await promisify(brotliDecompress)(packed, { params }))) {
    const path = join(folder, name);
    await mkdir(content ? dirname(path) : path, { recursive: true, mode: 0o700 });
    if (content) await writeFile(path, content, { mode: 0o600 });
  }
}

/** Every file below a folder, by its path there, with its sha256. */
export async function hashesOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hash = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  const named = paths.map(async (path) => [path.slice(folder.length + 1), await hash(path)] as const);
  return Object.fromEntries(await Promise.all(named));
}
