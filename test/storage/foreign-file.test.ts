/** A file that was exchanged after the import folder was checked is not read, whatever it leads to now. */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { workerEntry } from '../../src/assets.ts';
import { confinedTo, openForeign } from '../../src/storage/foreign-file.ts';
import { confine } from '../../src/storage/import-path.ts';
import type { CpuCommands, ThreadData } from '../../workers/protocol.ts';
import { type Connection, connect } from '../../workers/runtime.ts';
import { writeTinyModel } from '../formats/tiny-model.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();
let cases = 0;
let base = '';
let root = '';
let secret = '';
beforeEach(async () => {
  base = join(await realpath(folder()), String(cases++));
  root = join(base, 'import');
  secret = join(base, 'secret.jsonl');
  await mkdir(root, { recursive: true });
  await writeFile(secret, '{"secret":true}\n');
});

const notPlain = () => new Error('no file');
const refused = { code: 'BAD_USER_INPUT', message: expect.stringContaining('leads out of the import folder') };

describe('a file of the import folder', () => {
  const opened = async (path: string): Promise<string> => {
    const handle = await confinedTo(root, () => openForeign(path, notPlain));
    return handle.readFile('utf8').finally(() => handle.close());
  };

  it('is opened where it lies inside, through links inside too', async () => {
    await writeFile(join(root, 'a'), 'inside');
    await symlink(join(root, 'a'), join(root, 'b'));
    expect([await opened(join(root, 'a')), await opened(join(root, 'b'))]).toEqual(['inside', 'inside']);
  });

  it('is refused where it, or a folder above it, is a link that leads outside', async () => {
    await symlink(secret, join(root, 'a'));
    await symlink(base, join(root, 'up'));
    for (const path of [join(root, 'a'), join(root, 'up', 'secret.jsonl')])
      await expect(opened(path)).rejects.toMatchObject(refused);
  });

  it.runIf(process.platform === 'linux')('is refused where it is a pipe, at once', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await expect(opened(join(root, 'pipe'))).rejects.toThrow('no file');
  });
});

describe('the CPU thread', () => {
  let cpu: Connection<CpuCommands>;
  beforeAll(() => {
    const workerData: ThreadData = { storageRoot: join(folder(), 'data'), adapter: 'auto' };
    cpu = connect<CpuCommands>(new Worker(workerEntry('cpu'), { workerData }), 'CPU');
  });
  afterAll(() => cpu.close());

  it('imports no data set that was exchanged for a link', async () => {
    const line = JSON.stringify({ query: ['', '', 'oil'], pos: [['', '', 'leak']], neg: [] });
    await writeFile(join(root, 'train.jsonl'), line);
    const source = { kind: 'path' as const, ...(await confine(root, 'train.jsonl')) };
    await rm(join(root, 'train.jsonl'));
    await symlink(secret, join(root, 'train.jsonl'));
    const request = { source, importer: 'codiemb-jsonl', options: {}, scale: [0, 1] } as const;
    await expect(cpu.call('importDataset', request)).rejects.toMatchObject(refused);
  });

  it.each(['config.json', 'model.safetensors', 'tokenizer.json', 'modules.json'])(
    'imports no model whose %s was exchanged for a link',
    async (name) => {
      await writeTinyModel(join(root, 'model'));
      const place = await confine(root, 'model');
      const outside = join(base, name);
      await rename(join(root, 'model', name), outside);
      await symlink(outside, join(root, 'model', name));
      await expect(cpu.call('importModel', place)).rejects.toMatchObject(refused);
      await rm(join(root, 'model', name));
      await cp(outside, join(root, 'model', name));
      expect(await cpu.call('importModel', place)).toMatchObject({ dimension: 8 });
    },
  );

  it('tokenises with no file that was exchanged for a link', async () => {
    await writeTinyModel(join(root, 'model'));
    const { path, within } = await confine(root, 'model');
    const file = join(path, 'tokenizer.json');
    await rename(file, join(base, 'tokenizer.json'));
    await symlink(join(base, 'tokenizer.json'), file);
    const input = { source: { folder: path, within }, texts: ['oil'] };
    await expect(cpu.call('tokenizeWhole', input)).rejects.toMatchObject(refused);
  });
});
