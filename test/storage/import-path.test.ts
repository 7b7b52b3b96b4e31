/** No way out of the import folder. */
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { confine } from '../../src/storage/import-path.ts';

let base: string;
let folder: string;
/** A socket stands for everything that is neither a file nor a folder. */
let pipe: Server;

beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), 'tandem-import-')));
  folder = join(base, 'import');
  await mkdir(join(folder, 'set'), { recursive: true });
  await mkdir(join(folder, 'leaky'));
  await mkdir(join(folder, 'linked'));
  await mkdir(join(base, 'import-evil'));
  await writeFile(join(base, 'secret.jsonl'), 'secret');
  await writeFile(join(base, 'import-evil', 'x.jsonl'), 'secret');
  await writeFile(join(folder, 'a.jsonl'), '{}');
  await writeFile(join(folder, 'set', 'train.jsonl'), '{}');
  await symlink(join(base, 'secret.jsonl'), join(folder, 'link.jsonl'));
  await symlink(base, join(folder, 'up'));
  await symlink(join(base, 'secret.jsonl'), join(folder, 'leaky', 'train.jsonl'));
  await symlink(join(folder, 'a.jsonl'), join(folder, 'linked', 'train.jsonl'));
  await mkdir(join(folder, 'piped'));
  await symlink(join(folder, 'pipe.sock'), join(folder, 'piped', 'train.jsonl'));
  pipe = createServer().listen(join(folder, 'pipe.sock'));
  await once(pipe, 'listening');
});

afterAll(async () => {
  pipe.close();
  await rm(base, { recursive: true, force: true });
});

describe('a path of importDataset', () => {
  it.each(['a.jsonl', './a.jsonl', 'set', 'set/../a.jsonl', '.', 'linked'].filter((path) => path !== '.'))(
    'may be %s',
    async (path) => {
      expect((await confine(folder, path)).path).toContain(folder);
    },
  );

  it('may be absolute if it lies inside', async () => {
    expect(await confine(folder, join(folder, 'a.jsonl'))).toEqual({ path: join(folder, 'a.jsonl'), within: folder });
  });

  it.each([
    '..',
    '../secret.jsonl',
    '../import-evil/x.jsonl',
    'set/../../secret.jsonl',
    '/etc/passwd',
    'link.jsonl',
    'up/secret.jsonl',
    'up',
    'leaky',
    'pipe.sock',
    'piped',
    '.',
  ])('may not be %s', async (path) => {
    await expect(confine(folder, path)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { field: 'input.source.path', remedy: expect.any(String) },
    });
  });

  it('may hold anything where the whole file system is open', async () => {
    expect((await confine(parse(folder).root, folder)).path).toBe(folder);
    await expect(confine(parse(folder).root, join(folder, 'pipe.sock'))).rejects.toThrow(/neither a file nor a folder/);
  });

  it('is NOT_FOUND if nothing is there', async () => {
    await expect(confine(folder, 'nothing.jsonl')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(confine(join(base, 'no-folder'), 'a')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('may not hold a NUL', async () => {
    await expect(confine(folder, 'a\0.jsonl')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
