/** What is read of an object in storage is what was published, or refused by the name of its file. */
import { mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readModelFolder } from '../../src/formats/model-folder.ts';
import { copyOwn, readOwn } from '../../src/storage/own-files.ts';
import { openStorage, type Storage } from '../../src/storage/storage.ts';
import { writeTinyModel } from '../formats/tiny-model.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const folder = temporaryFolder();
let storage: Storage;
let digest: string;
let path: string;
let run = 0;
/** Three blocks and a bit. */
const large = Buffer.from(Uint8Array.from({ length: 3 * 65_536 + 10 }, (_, i) => i * 7));

beforeEach(async () => {
  storage = openStorage(join(folder(), String(run++)));
  const staged = await storage.stage();
  await writeFile(join(staged, 'large'), large);
  await mkdir(join(staged, 'sub'));
  await writeFile(join(staged, 'sub/small.json'), '{"a":1}');
  await writeFile(join(staged, 'empty'), '');
  ({ digest } = await storage.publish('states', staged));
  path = storage.path('states', digest);
});

async function flip(file: string, at: number, bit = 0): Promise<void> {
  const bytes = await readFile(file);
  bytes[at]! ^= 1 << bit;
  await writeFile(file, bytes);
}

/** Bytes of `large` by place. */
const part = (position: number, length: number): Promise<Buffer> =>
  readOwn(storage, 'states', digest, async (_, files) => {
    const file = await files.open('large');
    try {
      return await file.read(position, length, (end) => new RangeError(`ended at ${end}`));
    } finally {
      await file.close();
    }
  });

const whole = (name: string): Promise<Buffer> => readOwn(storage, 'states', digest, (_, files) => files.read(name));

const damaged = (field: string) => ({
  code: 'UNAVAILABLE',
  details: { reason: 'damaged-file', field, remedy: expect.stringContaining('Restore it from a backup') },
});

describe('an object', () => {
  it('is read whole and by place', async () => {
    expect(await whole('large')).toEqual(large);
    expect((await whole('sub/small.json')).toString()).toBe('{"a":1}');
    expect(await whole('empty')).toHaveLength(0);
    for (const [position, length] of [
      [0, 1],
      [65_530, 12],
      [65_536, 65_536],
      [large.length - 1, 1],
      [100, 0],
    ] as const) {
      expect(await part(position, length)).toEqual(large.subarray(position, position + length));
    }
    await expect(part(large.length - 1, 2)).rejects.toMatchObject(damaged(path));
  });

  it('is compared block by block: what is read is found damaged, what is not read may be', async () => {
    await flip(join(path, 'large'), 2 * 65_536, 7);
    expect(await part(0, 2 * 65_536)).toEqual(large.subarray(0, 2 * 65_536));
    expect(await part(3 * 65_536, 10)).toEqual(large.subarray(3 * 65_536));
    await expect(part(2 * 65_536 - 1, 2)).rejects.toMatchObject(damaged(join(path, 'large')));
    await expect(part(3 * 65_536 - 1, 1)).rejects.toMatchObject(damaged(join(path, 'large')));
    await expect(whole('large')).rejects.toMatchObject(damaged(join(path, 'large')));
  });

  it.each([
    ['shorter', (file: string) => truncate(file, 5)],
    ['missing', (file: string) => rm(file)],
  ])('names a file that is %s, whichever is read', async (_, damage) => {
    await damage(join(path, 'sub/small.json'));
    await expect(whole('large')).rejects.toMatchObject(damaged(join(path, 'sub/small.json')));
  });

  it('passes over files that were not published with it', async () => {
    await writeFile(join(path, '.DS_Store'), 'x');
    await writeFile(join(path, 'sub/more.json'), '{}');
    expect(await whole('large')).toEqual(large);
    await expect(whole('sub/more.json')).rejects.toMatchObject(damaged(join(path, 'sub/more.json')));
    const to = await storage.stage();
    await copyOwn(storage, 'states', digest, to, new AbortController().signal);
    expect((await readdir(to, { recursive: true })).sort()).toEqual(['empty', 'large', 'sub', 'sub/small.json']);
    expect(await readFile(join(to, 'large'))).toEqual(large);
  });

  it('is not copied with a bit that is another', async () => {
    await flip(join(path, 'large'), large.length - 1);
    const copying = copyOwn(storage, 'states', digest, await storage.stage(), new AbortController().signal);
    await expect(copying).rejects.toMatchObject(damaged(join(path, 'large')));
  });
});

describe('an object without a manifest', () => {
  const manifest = () => join(path, 'manifest.json');

  it.each([
    ['none', () => rm(manifest())],
    ['one of which a bit is another', () => flip(manifest(), 60)],
    ['an empty one', () => truncate(manifest(), 0)],
    ['that of another object', async () => writeFile(manifest(), await manifestOfAnother())],
  ])('that has %s is given one that tells what its name does', async (_, damage) => {
    const before = await readFile(manifest());
    const past = new Date(Date.now() - 3_600_000);
    await damage();
    await writeFile(join(path, '.DS_Store'), 'x');
    await utimes(path, past, past);
    expect(await whole('large')).toEqual(large);
    expect(await readFile(manifest())).toEqual(before);
    // Whose the folder is follows from its time.
    expect(Math.round((await stat(path)).mtimeMs)).toBe(past.getTime());
    expect(await readdir(join(storage.root, 'tmp'))).toEqual([]);
  });

  async function manifestOfAnother(): Promise<Buffer> {
    const staged = await storage.stage();
    await writeFile(join(staged, 'x'), '1');
    const other = await storage.publish('states', staged);
    return readFile(join(storage.path('states', other.digest), 'manifest.json'));
  }

  it('is refused if its files are not those that its name tells, and gets none', async () => {
    await rm(manifest());
    await flip(join(path, 'large'), 70_000);
    await expect(whole('sub/small.json')).rejects.toMatchObject(damaged(path));
    expect(await readdir(path)).not.toContain('manifest.json');
  });
});

describe('a model', () => {
  beforeEach(async () => {
    const staged = await storage.stage();
    await writeTinyModel(staged);
    ({ digest } = await storage.publish('models', staged));
    path = storage.path('models', digest);
  });

  async function weights(): Promise<number> {
    const model = await readOwn(storage, 'models', digest, readModelFolder);
    try {
      let values = 0;
      // The reading goes on after the call that opened the folder.
      for (const name of model.weights.tensors.keys()) values += (await model.weights.read(name)).length;
      return values;
    } finally {
      await model.close();
    }
  }

  it('is refused with a bit of its weights that is another, wherever it is', async () => {
    const file = join(path, 'model.safetensors');
    const { size } = await stat(file);
    expect(await weights()).toBeGreaterThan(0);
    for (let at = 0; at < 16; at++) {
      const place = Math.floor((at * (size - 1)) / 15);
      await flip(file, place, at % 8);
      await expect(weights()).rejects.toMatchObject(damaged(file));
      await flip(file, place, at % 8);
    }
    expect(await weights()).toBeGreaterThan(0);
  });

  it.each(['modules.json', 'tandem.json', 'config.json', 'tokenizer_config.json'])(
    'is refused without its %s',
    async (name) => {
      await rm(join(path, name));
      await expect(weights()).rejects.toMatchObject(damaged(join(path, name)));
    },
  );
});
