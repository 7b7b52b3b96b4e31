/** Downloads from a hub that is served here: what is fetched, pinned, resumed, checked, and found again offline. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadModel } from '../../src/hub/download.ts';
import type { HubProgress, HubReference, HubSettings } from '../../src/hub/types.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { gitId, type HubServer, startHub } from './hub-server.ts';

const repository = 'tests/pico-bert';
const main: HubReference = { repository, revision: 'main' };
const weights = createHash('sha256').update('weights').digest();
const large = Buffer.concat(Array.from({ length: 10_000 }, (_, i) => Buffer.concat([weights, Buffer.from(String(i))])));
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const modules = ['', '1_Pooling', '2_Dense'].map((path, idx) => ({ idx, name: String(idx), path, type: 'x' }));
const wanted = {
  'config.json': json({ model_type: 'bert' }),
  'tokenizer.json': json({ model: 'm'.repeat(60_000) }),
  'modules.json': json(modules),
  'sentence_bert_config.json': json({ max_seq_length: 64 }),
  'model.safetensors': large,
  '1_Pooling/config.json': json({ pooling_mode_mean_tokens: true }),
  '2_Dense/config.json': json({ in_features: 4 }),
  '2_Dense/model.safetensors': Buffer.from('dense'),
};
const unwanted = {
  'README.md': Buffer.from('# pico'),
  'pytorch_model.bin': randomBytes(100),
  'onnx/model.onnx': randomBytes(100),
  'onnx/config.json': json({}),
  '3_Other/config.json': json({}),
  '../outside.json': json({}),
};

describe('a download from a hub', () => {
  const root = temporaryFolder();
  let hub: HubServer;
  let folder: string;
  let count = 0;
  beforeEach(async () => {
    hub = await startHub(repository, new Map(Object.entries({ ...wanted, ...unwanted })));
    folder = join(root(), `hub-${count++}`);
  });
  afterEach(() => hub.close());

  const settings = (changes: Partial<HubSettings> = {}): HubSettings => ({
    ...{ endpoint: hub.endpoint, token: undefined, offline: false },
    ...changes,
  });
  const download = (
    reference: HubReference = main,
    changes: Partial<HubSettings> = {},
    more: { signal?: AbortSignal; onProgress?: (progress: HubProgress) => void } = {},
  ) => downloadModel(reference, { folder, settings: settings(changes), retryMs: 1, ...more });
  const blobsOf = (part: string): Promise<string[]> => readdir(join(folder, part)).catch(() => []);

  it('brings the needed files alone, pinned to a commit, and tells its progress', async () => {
    const progress: HubProgress[] = [];
    const snapshot = await download(main, {}, { onProgress: (item) => progress.push(item) });
    expect(snapshot).toMatchObject({ ...main, commit: hub.commit });
    expect(snapshot.files.map(({ path }) => path).sort()).toEqual(Object.keys(wanted).sort());
    for (const [path, bytes] of Object.entries(wanted)) {
      expect((await readFile(join(snapshot.folder, path))).equals(bytes), path).toBe(true);
    }
    const bytes = Object.values(wanted).reduce((sum, { length }) => sum + length, 0);
    expect(snapshot.bytes).toBe(bytes);
    expect(progress.at(-1)).toMatchObject({ doneBytes: bytes, totalBytes: bytes });
    expect(progress.every(({ doneBytes }, i) => i === 0 || doneBytes >= progress[i - 1].doneBytes)).toBe(true);
    expect(snapshot.files.find(({ path }) => path === 'config.json')?.etag).toBe(gitId(wanted['config.json']));
    expect(await blobsOf('partial')).toEqual([]);
  });

  it('downloads nothing twice, follows a branch that moved, and needs no network for a commit or offline', async () => {
    const first = await download();
    const pinned = { repository, revision: first.commit };
    hub.asked.length = 0;
    expect(await download(pinned)).toEqual({ ...first, ...pinned });
    expect(await download(main, { offline: true })).toEqual(first);
    expect(await download(pinned, { offline: true })).toEqual({ ...first, ...pinned });
    expect(hub.asked).toEqual([]);

    expect(await download()).toEqual(first);
    expect(hub.asked.map(({ path }) => path)).toEqual([`/api/models/${repository}/revision/main`]);

    hub.asked.length = 0;
    hub.commit = '2'.repeat(40);
    hub.files = new Map(hub.files).set('config.json', json({ model_type: 'bert', changed: true }));
    const second = await download();
    expect(second.commit).toBe(hub.commit);
    expect(hub.asked.filter(({ path }) => path.includes('/resolve/')).map(({ path }) => path)).toEqual([
      `/${repository}/resolve/${hub.commit}/config.json`,
    ]);
    expect(JSON.parse(await readFile(join(first.folder, 'config.json'), 'utf8'))).toEqual({ model_type: 'bert' });
    expect((await download(pinned, { offline: true })).commit).toBe(first.commit);
    expect((await download(main, { offline: true })).commit).toBe(second.commit);
    await hub.close();
    expect((await download(main, { offline: true })).folder).toBe(second.folder);
  });

  it('goes on behind the bytes that are there when the connection breaks', async () => {
    hub.misbehave = { breakAfter: 150_000 };
    const { folder: path } = await download();
    expect((await readFile(join(path, 'model.safetensors'))).equals(large)).toBe(true);
    const ranges = hub.asked.filter(({ host, range }) => host === 'storage' && range).map(({ range }) => range);
    expect(ranges).toEqual(['bytes=150000-', 'bytes=300000-']);
  });

  it('goes on where an aborted download stopped', async () => {
    const stop = new AbortController();
    hub.misbehave = { pauseMs: 20 };
    const onProgress = ({ file, doneBytes }: HubProgress): void => {
      if (file === 'model.safetensors' && doneBytes > 150_000) stop.abort(new Error('enough'));
    };
    await expect(download(main, {}, { signal: stop.signal, onProgress })).rejects.toThrow('enough');
    const [partial] = await blobsOf('partial');
    const have = (await readFile(join(folder, 'partial', partial))).length;
    expect(have).toBeGreaterThan(0);
    hub.misbehave = {};
    hub.asked.length = 0;
    const { folder: path } = await download();
    expect((await readFile(join(path, 'model.safetensors'))).equals(large)).toBe(true);
    expect(hub.asked.filter(({ host }) => host === 'storage').map(({ range }) => range)).toEqual([`bytes=${have}-`]);
  });

  it('serves two that ask at once, and one whose forerunner was cancelled', async () => {
    hub.misbehave = { pauseMs: 10 };
    const both = await Promise.all([download(), download({ repository, revision: 'v1' })]);
    for (const { folder: path } of both) {
      expect((await readFile(join(path, 'model.safetensors'))).equals(large)).toBe(true);
    }
    expect(hub.asked.filter(({ host }) => host === 'storage')).toHaveLength(2);

    folder = join(root(), `hub-${count++}`);
    hub.asked.length = 0;
    const stop = new AbortController();
    let second: Promise<unknown> | undefined;
    const onProgress = ({ file, doneBytes }: HubProgress): void => {
      if (file !== 'model.safetensors') return;
      second ??= download();
      if (doneBytes > 200_000) stop.abort(new Error('enough'));
    };
    await expect(download(main, {}, { signal: stop.signal, onProgress })).rejects.toThrow('enough');
    await second;
    const ranges = hub.asked.filter(({ host }) => host === 'storage').map(({ range }) => range);
    expect(ranges).toEqual([undefined, undefined, expect.stringMatching(/^bytes=\d+-$/)]);
    expect(await blobsOf('partial')).toEqual([]);
  });

  it('lets go of one that waits for another and is cancelled', async () => {
    hub.misbehave = { pauseMs: 30 };
    const stop = new AbortController();
    let waiting: Promise<unknown> | undefined;
    const onProgress = ({ file }: HubProgress): void => {
      if (file !== 'model.safetensors') return;
      waiting ??= download(main, {}, { signal: stop.signal });
      setTimeout(() => stop.abort(new Error('no more')), 20);
    };
    const first = download(main, {}, { onProgress });
    await expect.poll(() => waiting !== undefined, { interval: 1 }).toBe(true);
    await expect(waiting).rejects.toThrow('no more');
    await first;
  });

  it('asks the hub again where the address of its storage has ended, and takes that for no refusal of the model', async () => {
    hub.misbehave = { ended: 1 };
    const { folder: path } = await download();
    expect((await readFile(join(path, 'model.safetensors'))).equals(large)).toBe(true);
    folder = join(root(), `hub-${count++}`);
    hub.misbehave = { ended: 100 };
    await expect(download()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^The storage of \S+ answered 403 when asked for tokenizer\.json/),
    });
  });

  it('starts again where a server knows no ranges, or what was there before is wrong', async () => {
    const etag = createHash('sha256').update(large).digest('hex');
    for (const misbehave of [{ ignoreRange: true }, {}]) {
      folder = join(root(), `hub-${count++}`);
      await mkdir(join(folder, 'partial'), { recursive: true });
      await writeFile(join(folder, 'partial', etag), Buffer.alloc(1000));
      hub.misbehave = misbehave;
      const { folder: path } = await download();
      expect((await readFile(join(path, 'model.safetensors'))).equals(large)).toBe(true);
    }
  });

  it('refuses bytes that do not match their checksum, and keeps none of them', async () => {
    hub.misbehave = { corrupt: true };
    await expect(download()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/^\S+ of the model tests\/pico-bert does not match its checksum$/),
    });
    expect([...(await blobsOf('blobs')), ...(await blobsOf('partial'))]).toEqual([]);
    hub.misbehave = {};
    await download();
  });

  it('mends a downloaded file that was changed, and says so offline', async () => {
    const { folder: path } = await download();
    await writeFile(join(path, 'model.safetensors'), 'broken');
    await expect(download(main, { offline: true })).rejects.toMatchObject({
      message: expect.stringContaining('does not match its checksum'),
    });
    const mended = await download();
    expect((await readFile(join(mended.folder, 'model.safetensors'))).equals(large)).toBe(true);
  });

  it('sends the token to the hub alone, never to its storage or into an error', async () => {
    const token = 'hf_secretsecret';
    await download(main, { token });
    const sent = (host: string) => new Set(hub.asked.filter((item) => item.host === host).map((i) => i.authorization));
    expect(sent('hub')).toEqual(new Set([`Bearer ${token}`]));
    expect(sent('storage')).toEqual(new Set([undefined]));
    hub.misbehave = { status: 403, errorCode: 'GatedRepo' };
    hub.commit = '3'.repeat(40);
    const error: Error & { details?: unknown } = await download(main, { token }).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('gated') });
    expect(`${error.message} ${JSON.stringify(error.details)} ${error.stack}`).not.toContain('secret');
  });

  it('names what it may not have and what is not there', async () => {
    const cases = [
      { misbehave: { status: 401 }, error: { code: 'FORBIDDEN', message: expect.stringContaining('no token is set') } },
      { misbehave: { status: 404 }, error: { code: 'NOT_FOUND', details: { field: 'hub.repository' } } },
      { misbehave: { status: 503 }, error: { code: 'UNAVAILABLE', message: expect.stringContaining('answered 503') } },
      { revision: 'nowhere', error: { code: 'NOT_FOUND', details: { field: 'hub.revision' } } },
    ];
    for (const { misbehave = {}, revision = 'main', error } of cases) {
      hub.misbehave = misbehave;
      await expect(download({ repository, revision })).rejects.toMatchObject(error);
    }
    hub.misbehave = {};
    for (const [missing, name] of [
      ['tokenizer.json', 'tokenizer.json'],
      ['config.json', 'config.json'],
      ['model.safetensors', 'weights as safetensors'],
    ]) {
      hub.files = new Map(Object.entries({ ...wanted, ...unwanted }).filter(([path]) => !path.endsWith(missing)));
      hub.commit = createHash('sha1').update(missing).digest('hex');
      await expect(download()).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        message: `The model tests/pico-bert has no ${name}`,
      });
    }
  });

  it('tries again what passes, and says when nobody answers', async () => {
    hub.misbehave = { passing: { status: 503, times: 3 } };
    await download();
    const { endpoint } = hub;
    await hub.close();
    await expect(download(main, { endpoint })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `${endpoint} cannot be reached for the model tests/pico-bert (ECONNREFUSED)`,
      details: { remedy: expect.stringContaining('HF_HUB_OFFLINE') },
    });
    await expect(download({ repository: 'tests/other', revision: 'main' }, { offline: true })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('HF_HUB_OFFLINE is set'),
    });
  });

  it.runIf(process.platform === 'linux')('says when the disk is full, and leaves nothing half-made', async () => {
    const etag = createHash('sha256').update(large).digest('hex');
    await mkdir(join(folder, 'partial'), { recursive: true });
    await symlink('/dev/full', join(folder, 'partial', etag));
    await expect(download()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'The disk is full',
      details: { reason: 'storage-full' },
    });
    expect(await blobsOf('snapshots')).toEqual([]);
  });

  it('takes weights in pieces with their index', async () => {
    const index = json({
      weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
    });
    const { 'model.safetensors': _whole, ...rest } = wanted;
    hub.files = new Map(
      Object.entries({
        ...rest,
        'model.safetensors.index.json': index,
        'model-00001-of-00002.safetensors': Buffer.from('one'),
        'model-00002-of-00002.safetensors': Buffer.from('two'),
        'other-00001.safetensors': Buffer.from('no'),
      }),
    );
    const { files } = await download();
    expect(files.map(({ path }) => path).filter((path) => path.startsWith('model'))).toEqual([
      'model.safetensors.index.json',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
    ]);
  });

  it('refuses names that are none, before it asks anybody', async () => {
    for (const name of ['', 'a/b/c', '../x', 'a/..', '/etc', 'a b', 'a--b/c', 'http://x/y', 'a/b?c']) {
      await expect(download({ repository: name, revision: 'main' })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        details: { field: 'hub.repository' },
      });
    }
    for (const revision of ['', '..', 'a/../b', '/', 'a b', 'x\0']) {
      await expect(download({ repository, revision })).rejects.toMatchObject({ details: { field: 'hub.revision' } });
    }
    expect(hub.asked).toEqual([]);
    expect((await download({ repository, revision: 'refs/pr/1' })).commit).toBe(hub.commit);
  });
});
