import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readExactly } from '../../src/storage/files.ts';
import { openStorage, publishStaged, type Storage } from '../../src/storage/storage.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('storage', () => {
  const folder = temporaryFolder();
  let storage: Storage;
  let run = 0;
  beforeEach(() => {
    storage = openStorage(join(folder(), String(run++)));
  });

  async function staged(files: Readonly<Record<string, string>>): Promise<string> {
    const path = await storage.stage();
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(path, name, '..'), { recursive: true });
      await writeFile(join(path, name), text);
    }
    return path;
  }

  it('publishes a folder under the digest of its paths, contents and sizes', async () => {
    const published = await storage.publish('models', await staged({ 'b/c.txt': 'two', 'a.txt': 'one' }));
    const expected = sha256(`a.txt\0${sha256('one')}\x003\nb/c.txt\0${sha256('two')}\x003\n`);
    expect(published).toEqual({ digest: expected, bytes: 6, reused: false });
    expect(await readFile(join(storage.path('models', expected), 'b/c.txt'), 'utf8')).toBe('two');
    expect(await readdir(join(storage.root, 'tmp'))).toEqual([]);
  });

  it('drops a staged folder whose content is there already', async () => {
    const first = await storage.publish('models', await staged({ x: '1' }));
    const second = await storage.publish('models', await staged({ x: '1' }));
    expect(second).toEqual({ ...first, reused: true });
    expect(await readdir(join(storage.root, 'tmp'))).toEqual([]);
  });

  it('gives other digests to other paths and contents', async () => {
    const digests = await Promise.all(
      ([{ x: '1' }, { y: '1' }, { x: '2' }, { 'x/y': '1' }] as Record<string, string>[]).map(
        async (files) => (await storage.publish('states', await staged(files))).digest,
      ),
    );
    expect(new Set(digests).size).toBe(4);
  });

  it('survives many publishers of the same content at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 8 }, async () => storage.publish('models', await staged({ x: 'same', y: 'too' }))),
    );
    expect(results.filter(({ reused }) => !reused)).toHaveLength(1);
    expect(await readdir(join(storage.root, 'objects/models'))).toEqual([results[0].digest]);
  });

  it('publishes under a given name, and single files', async () => {
    await storage.publish('datasets', await staged({ 'records.jsonl': '{}' }), { name: 'abc' });
    expect(await storage.exists('datasets', 'abc')).toBe(true);
    const path = await staged({ tokens: '1234' });
    expect(await storage.publishFile('tokens', join(path, 'tokens'), 'key.bin')).toEqual({
      digest: 'key.bin',
      bytes: 4,
      reused: false,
    });
    await storage.discard(path);
    expect(await readFile(storage.path('tokens', 'key.bin'), 'utf8')).toBe('1234');
    await storage.remove('tokens', 'key.bin');
    expect(await storage.exists('tokens', 'key.bin')).toBe(false);
  });

  it.each([
    ['cut off', (path: string) => truncate(path, 1)],
    ['missing', (path: string) => rm(path)],
    ['another by one bit', (path: string) => writeFile(path, '12344')],
  ])('replaces an object of the same digest of which a file is %s', async (_, damage) => {
    const files = { weights: '12345', 'config.json': '{}' };
    const { digest } = await storage.publish('models', await staged(files));
    await damage(join(storage.path('models', digest), 'weights'));
    expect(await storage.publish('models', await staged(files))).toMatchObject({ digest, reused: false });
    expect(await readFile(join(storage.path('models', digest), 'weights'), 'utf8')).toBe('12345');
    expect(await storage.publish('models', await staged(files))).toMatchObject({ digest, reused: true });
    expect(await readdir(join(storage.root, 'tmp'))).toEqual([]);
  });

  it('keeps an object of the same digest that has no manifest and is whole', async () => {
    const { digest } = await storage.publish('models', await staged({ weights: '12345' }));
    await rm(join(storage.path('models', digest), 'manifest.json'));
    expect(await storage.publish('models', await staged({ weights: '12345' }))).toMatchObject({ digest, reused: true });
  });

  it('keeps other descriptions under the same name if they are as they were written', async () => {
    const path = join(storage.path('datasets', 'abc'), 'summary.json');
    const publish = async (summary: string) =>
      storage.publish('datasets', await staged({ records: 'r', 'summary.json': summary }), { name: 'abc' });
    await publish('{"warnings":1}');
    expect(await publish('{"warnings":2}')).toMatchObject({ reused: true });
    expect(await readFile(path, 'utf8')).toBe('{"warnings":1}');
    await writeFile(path, '{"warnings":9}');
    expect(await publish('{"warnings":2}')).toMatchObject({ reused: false });
    expect(await readFile(path, 'utf8')).toBe('{"warnings":2}');
  });

  it('replaces a file of the same name and size whose content is another', async () => {
    const publish = async () => storage.publishFile('payloads', join(await staged({ p: '[1]' }), 'p'), 'name');
    await publish();
    await writeFile(storage.path('payloads', 'name'), '[2]');
    expect(await publish()).toMatchObject({ reused: false });
    expect(await readFile(storage.path('payloads', 'name'), 'utf8')).toBe('[1]');
    expect(await publish()).toMatchObject({ reused: true });
  });

  it('leaves nothing behind when filling a staged folder fails', async () => {
    const failing = publishStaged(storage, 'models', async (path) => {
      await writeFile(join(path, 'half'), 'x');
      throw new Error('stopped');
    });
    await expect(failing).rejects.toThrow('stopped');
    expect(await readdir(join(storage.root, 'tmp'))).toEqual([]);
    expect(await storage.exists('models', 'half')).toBe(false);
  });

  it('cleans what a killed process left staged, and nothing else', async () => {
    await staged({ left: 'over' });
    const { digest } = await storage.publish('models', await staged({ kept: 'yes' }));
    await storage.clean();
    await storage.clean();
    expect(await readdir(storage.root)).toEqual(['objects']);
    expect(await storage.exists('models', digest)).toBe(true);
  });

  it('removes an object as a whole', async () => {
    const { digest } = await storage.publish('models', await staged({ a: '1', 'b/c': '2' }));
    expect(await storage.remove('models', digest)).toEqual({ removed: true });
    expect(await storage.remove('models', digest)).toEqual({ removed: false });
    expect(await readdir(join(storage.root, 'tmp'))).toEqual([]);
  });

  it('clears segments at the start: no process finds those of another', async () => {
    const folder = await staged({ x: '1234' });
    await storage.publishFile('segments', join(folder, 'x'), 'docs-1.f32');
    await storage.clean();
    expect(await storage.exists('segments', 'docs-1.f32')).toBe(false);
  });

  it('says what is missing, and refuses names that leave the folder', async () => {
    await expect(storage.require('models', 'feed')).rejects.toMatchObject({
      ...{ code: 'UNAVAILABLE', details: { reason: 'damaged-file', field: storage.path('models', 'feed') } },
      message: expect.stringContaining('is missing'),
    });
    for (const name of ['..', 'a/../b', '/etc', '.hidden', '', 'a//b', 'a\\b']) {
      expect(() => storage.path('models', name)).toThrow('Storage was asked for the name');
    }
    expect(storage.path('segments', 'docs/vectors.bin')).toBe(join(storage.root, 'objects/segments/docs/vectors.bin'));
  });

  it('reads on after a short read, and says where a file ended', async () => {
    const content = Buffer.from('0123456789');
    const file = {
      read: async (bytes: Buffer, at: number, length: number, position: number) => {
        const bytesRead = content.copy(bytes, at, position, position + Math.min(3, length));
        return { bytesRead, buffer: bytes };
      },
    } as unknown as Pick<FileHandle, 'read'>;
    const tooShort = (end: number) => new Error(`ended at ${end}`);
    expect((await readExactly(file, 1, 8, tooShort)).toString()).toBe('12345678');
    await expect(readExactly(file, 4, 8, tooShort)).rejects.toThrow('ended at 10');
  });

  it('tells a full disk from a defect', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', path: '/data/x' });
    const failing = publishStaged(storage, 'models', () => Promise.reject(full));
    await expect(failing).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { field: '/data/x' } });
  });
});
