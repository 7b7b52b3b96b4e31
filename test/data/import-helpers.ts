/** Imports of small files into a private storage. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ImportHooks, importDataset } from '../../src/data/import.ts';
import type { Dataset } from '../../src/data/record-file.ts';
import { openDataset } from '../../src/data/record-file.ts';
import type { ImportRequest, Split } from '../../src/data/types.ts';
import { TandemError } from '../../src/errors.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';

export interface Workspace {
  readonly storage: Storage;
  /** Writes files (path -> content) and answers the folder they are in. */
  files(content: Readonly<Record<string, string | Uint8Array>>): Promise<string>;
  open(source: string, options?: Partial<ImportRequest>, hooks?: ImportHooks): Promise<Dataset>;
  /** The error of an import that must be refused; fails if anything stays behind. */
  refusal(source: string, options?: Partial<ImportRequest>, hooks?: ImportHooks): Promise<TandemError>;
}

export function workspace(root: string): Workspace {
  const storage = openStorage(join(root, 'data'));
  let folders = 0;
  const request = (path: string, options: Partial<ImportRequest>): ImportRequest => ({
    source: { kind: 'path', path },
    importer: 'codiemb-jsonl',
    options: {},
    scale: [0, 1],
    ...options,
  });
  const left = async (kind: string) => (await readdir(join(storage.root, kind)).catch((): string[] => [])).sort();
  return {
    storage,
    async files(content) {
      const folder = join(root, `input-${folders++}`);
      for (const [name, text] of Object.entries(content)) {
        await mkdir(dirname(join(folder, name)), { recursive: true });
        await writeFile(join(folder, name), text);
      }
      return folder;
    },
    async open(source, options = {}, hooks = {}) {
      const { digest } = await importDataset(storage, request(source, options), hooks);
      return openDataset(storage, digest);
    },
    async refusal(source, options = {}, hooks = {}) {
      const before = await left('objects/datasets');
      const error = await importDataset(storage, request(source, options), hooks).then(
        () => null,
        (reason: unknown) => reason,
      );
      if (!(error instanceof TandemError)) throw new Error(`Expected a refusal, got ${error}`);
      const after = await left('objects/datasets');
      const staged = await left('tmp');
      if (after.join() !== before.join() || staged.length > 0)
        throw new Error('A refused import left something behind');
      return error;
    },
  };
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Texts of the queries of a split. */
export const queries = async (dataset: Dataset, split: Split): Promise<string[]> =>
  (await all(dataset.records(split))).map(({ query }) => query[2]);

export const lines = (...values: readonly unknown[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('');
