/** Places the files of a model folder below a running service's import folder, because it reads nothing outside. */
import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What a command reads of a model folder: the tokenizer alone, or settings and weights. */
export type Part = 'tokenizer' | 'model';

const names: Readonly<Record<Part, RegExp>> = {
  tokenizer: /^tokenizer\.json$/,
  model: /\.(json|safetensors)$/,
};

/** Refused by its name where there are no other weights; its content may be large and is never read. */
const pickled = 'pytorch_model.bin';

/** Places the files of the folder and of its modules that are read, under the same names in `to`. */
export async function lendFolder(from: string, to: string, part: Part): Promise<void> {
  const modules = await moduleFolders(from);
  for (const folder of new Set(['', ...modules])) {
    const files: readonly string[] = await readdir(join(from, folder)).catch(() => []);
    for (const name of files.filter((file) => names[part].test(file))) {
      await place(join(from, folder, name), join(to, folder, name));
    }
    if (part === 'model' && files.includes(pickled)) await placeEmpty(join(to, folder, pickled));
  }
}

/** Folders that modules.json names. A broken file is not reported here: the import reports it. */
async function moduleFolders(folder: string): Promise<string[]> {
  try {
    const items = JSON.parse(await readFile(join(folder, 'modules.json'), 'utf8')) as { readonly path?: unknown }[];
    const paths = items.map((item) => item.path).filter((path) => typeof path === 'string');
    return paths.filter((path) => !path.split(/[\\/]/).includes('..'));
  } catch {
    return ['0_Transformer'];
  }
}

/** A hard link where the file system allows it, else a copy. Skips what is not a file. */
async function place(from: string, to: string): Promise<void> {
  const path = await realpath(from).catch(() => undefined);
  if (path === undefined || !(await stat(path)).isFile()) return;
  await mkdir(dirname(to), { recursive: true });
  await link(path, to).catch(() => copyFile(path, to, constants.COPYFILE_FICLONE));
}

async function placeEmpty(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '');
}
