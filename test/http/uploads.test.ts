/** Files that clients send into the import folder: what lies there then, and what is refused and leaves nothing. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { desc, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import { apiKeys, auditEntries } from '../../src/db/schema.ts';
import { chunksOf } from '../../src/http/uploads.ts';
import { makeKey } from '../../src/services/access/key.ts';
import { createUploads } from '../../src/services/uploads/uploads.ts';
import { fileNames, folderName } from '../../src/storage/upload-names.ts';
import { openUploads } from '../../src/storage/uploads.ts';
import { openPlace, type Place } from './place.ts';

const most = 100 * 1024;
const listed = 'https://admin.example';
let place: Place;
let imports: string;
let editor: string;
beforeAll(async () => {
  place = await openPlace({ TANDEM_AUTH: 'required', TANDEM_UPLOAD: '100 KiB', TANDEM_ORIGINS: listed });
  imports = join(place.dataDir, 'import');
  editor = (await keyOf('editor')).authorization;
});
afterAll(() => place.close());

async function keyOf(role: 'viewer' | 'editor') {
  const { key, lookup, digest } = makeKey();
  const [row] = await place.database.db.insert(apiKeys).values({ name: role, role, lookup, digest }).returning();
  return { id: row!.id, authorization: `Bearer ${key}` };
}

interface Asked {
  readonly method?: string;
  readonly body?: Buffer | string;
  readonly headers?: Record<string, string>;
}

/** Asks with the path as it is, which fetch would tidy up; by chunks where no length is among the headers. */
async function ask(path: string, { method = 'PUT', body = '', headers = {} }: Asked = {}) {
  const sent = request(`${place.url}/`, { path, method, agent: false, headers: { authorization: editor, ...headers } });
  sent.on('error', () => {});
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject);
  });
  if (body.length > 0) sent.write(body);
  sent.end();
  const answer = await answered;
  let text = '';
  for await (const part of answer.setEncoding('utf8')) text += part;
  const told = text === '' ? {} : JSON.parse(text);
  return { status: answer.statusCode, headers: answer.headers, told, error: told.errors?.[0]?.extensions };
}

const sha256 = (text: Buffer | string, form: 'hex' | 'base64' = 'hex') =>
  createHash('sha256').update(text).digest(form);
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []))
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name));
const underWay = () => filesIn(join(imports, 'uploads', `.${place.database.owner.folder}`));

/** The newest entries of the audit log of a path, the last first. */
async function entriesOf(path: string) {
  const rows = await place.database.db.select().from(auditEntries).orderBy(desc(auditEntries.createdAt));
  return rows
    .filter(({ arguments: given }) => (given as { path?: string }).path === path)
    .map(({ mutation, caller, outcome }) => [mutation, caller, outcome]);
}

/** Sends the beginning of a file of 1,000 bytes and waits until it is under way. */
async function begin(path: string, authorization: string) {
  const client = connect(place.port, '127.0.0.1').on('error', () => {});
  const head = [`PUT ${path} HTTP/1.1`, `host: 127.0.0.1:${place.port}`, `authorization: ${authorization}`];
  client.write(`${[...head, 'content-length: 1000'].join('\r\n')}\r\n\r\nthe beginning`);
  await expect.poll(underWay).toHaveLength(1);
  return client;
}

describe('a file', () => {
  it('lies where its address says, for an import, and may be sent again', async () => {
    const body = Buffer.from(Array.from({ length: most }, (_, i) => i % 251));
    const path = 'uploads/model/1_Pooling/config.json';
    const file = { path, bytes: most, sha256: sha256(body) };
    const first = await ask('/import/model/1_Pooling/config.json', { body });
    expect([first.status, first.told]).toEqual([201, file]);
    const again = await ask('/import/model/1_Pooling/config.json', { body });
    expect([again.status, again.told]).toEqual([200, file]);
    expect(await readFile(join(imports, path))).toEqual(body);
    expect((await stat(join(imports, path))).mode & 0o077).toBe(0);
    expect((await stat(join(imports, 'uploads/model'))).mode & 0o077).toBe(0);
    expect(await underWay()).toEqual([]);
    expect(await entriesOf(path)).toEqual(Array(2).fill(['upload', 'editor', 'OK']));
  });

  it('is never replaced', async () => {
    await ask('/import/kept/a.txt', { body: 'first' });
    const others: Asked[] = [{ body: 'other' }, { body: 'longer', headers: { 'content-length': '6' } }];
    for (const other of others) {
      const { status, error } = await ask('/import/kept/a.txt', other);
      expect([status, error.code]).toEqual([409, 'CONFLICT']);
    }
    expect((await ask('/import/kept/a.txt/b.txt', { body: 'x' })).status).toBe(409);
    expect((await ask('/import/kept.txt/a', { body: 'x' })).status).toBe(201);
    expect(await readFile(join(imports, 'uploads/kept/a.txt'), 'utf8')).toBe('first');
    expect((await entriesOf('uploads/kept/a.txt')).map(([, , outcome]) => outcome)).toEqual([
      'CONFLICT',
      'CONFLICT',
      'OK',
    ]);
  });

  it('is compared with its digest', async () => {
    const digested = (path: string, digest: string) =>
      ask(path, { body: 'abc', headers: { 'content-digest': digest } });
    expect((await digested('/import/d/a', `sha-512=:AA==:, sha-256=:${sha256('abc', 'base64')}:`)).status).toBe(201);
    for (const digest of [`sha-256=:${sha256('abd', 'base64')}:`, 'sha-256=abc', 'md5=:AA==:', '']) {
      const { status, error } = await digested('/import/d/b', digest);
      expect([status, error.field]).toEqual([400, 'content-digest']);
    }
    expect(await filesIn(join(imports, 'uploads/d'))).toEqual([join(imports, 'uploads/d/a')]);
  });

  it('has a greatest size, by its length and by what comes', async () => {
    const body = Buffer.alloc(most + 1);
    for (const headers of [{ 'content-length': String(body.length) }, {}] as Record<string, string>[]) {
      const { status, error } = await ask('/import/large/a', { body, headers });
      expect([status, error.code, error.expected]).toEqual([413, 'LIMIT_EXCEEDED', `at most ${most} bytes`]);
    }
    expect([await filesIn(join(imports, 'uploads/large')), await underWay()]).toEqual([[], []]);
  });

  it.each([
    ['content-encoding', 'gzip'],
    ['content-range', 'bytes 0-1/2'],
  ])('is sent as it is, without %s', async (name, value) => {
    const { status, error } = await ask('/import/as/it-is', { body: 'x', headers: { [name]: value } });
    expect([status, error.field]).toEqual([415, name]);
  });
});

describe('a file that does not come as a whole', () => {
  it('leaves nothing where its client goes', async () => {
    const client = await begin('/import/cut/off', editor);
    client.destroy();
    await expect.poll(underWay).toEqual([]);
    await expect.poll(() => entriesOf('uploads/cut/off')).toEqual([['upload', 'editor', 'UNAVAILABLE']]);
    expect(await readdir(join(imports, 'uploads'))).not.toContain('cut');
  });

  it('ends with its key', async () => {
    const key = await keyOf('editor');
    const client = await begin('/import/revoked/a', key.authorization);
    let answer = '';
    client.setEncoding('utf8').on('data', (part) => {
      answer += part;
    });
    await place.database.db.update(apiKeys).set({ revokedAt: new Date() }).where(eq(apiKeys.id, key.id));
    await place.access.recheck();
    await expect.poll(() => answer).toMatch(/^HTTP\/1.1 401[\s\S]*was revoked/);
    await expect.poll(underWay).toEqual([]);
    client.destroy();
  });

  it('ends with the server', async () => {
    const client = await begin('/import/stopped/a', editor);
    let answer = '';
    client.setEncoding('utf8').on('data', (part) => {
      answer += part;
    });
    await Promise.all([once(client, 'close'), place.restart()]);
    expect(answer).toMatch(/^HTTP\/1.1 503[\s\S]*The server is stopping/);
    expect(await underWay()).toEqual([]);
    expect((await ask('/import/stopped/a', { body: 'x' })).status).toBe(201);
    client.destroy();
  });

  it('is removed at the next start where the process was killed', async () => {
    const client = await begin('/import/killed/a', editor);
    const others = join(imports, 'uploads', '.of-another-server');
    await mkdir(others, { recursive: true });
    const { database, config } = place;
    await createUploads({ database, config: { ...config, importDir: imports } }).clean();
    expect(await underWay()).toEqual([]);
    expect(await readdir(join(imports, 'uploads'))).toContain('.of-another-server');
    client.destroy();
    await expect.poll(() => entriesOf('uploads/killed/a')).toEqual([['upload', 'editor', 'UNAVAILABLE']]);
  });

  it('is given up where nothing of it comes', async () => {
    const read = new Promise((resolve, reject) => {
      const server = createServer(async (asked) => {
        try {
          for await (const _ of chunksOf(asked, new AbortController().signal, 50));
        } catch (error) {
          reject(error);
        } finally {
          server.close();
          asked.destroy();
        }
        resolve(null);
      }).listen(0, '127.0.0.1', () => {
        const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
        client.write('PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nx');
      });
    });
    await expect(read).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', details: { reason: 'silence' } });
  });

  it('says what is wrong with the disk', async () => {
    // As Node tells of a full disk; and a file system in which nobody makes folders.
    async function* full(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('x');
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    }
    const options = { announced: { bytes: undefined, sha256: undefined }, most };
    const failed = await openUploads(imports, 'full')
      .receive(['full', 'a'], full(), options)
      .catch((error) => error);
    expect(failed).toMatchObject({ code: 'UNAVAILABLE', details: { reason: 'storage-full', field: 'TANDEM_IMPORT' } });
    expect(await filesIn(join(imports, 'uploads/.full'))).toEqual([]);
    const refused = await openUploads('/sys', 'full')
      .receive(['a', 'b'], full(), options)
      .catch((error) => error);
    expect(refused).toMatchObject({ code: 'UNAVAILABLE', details: { field: 'TANDEM_IMPORT' } });
    expect(refused.details.reason).toBeUndefined();
  });
});

it.each([
  '',
  'a',
  'a/',
  '/a',
  'a//b',
  'a/b/c/d',
  '../a',
  'a/..',
  'a/%2e%2e',
  './a',
  'a/.hidden',
  '.a/b',
  'a/%2Fb',
  'a/b%5Cc',
  'a/%00',
  'a/b%0A',
  'a/e%CC%81',
  'a/%FF',
  'a/b.',
  'a/b%20',
  'a/NUL.txt',
  'a/b:c',
  'a/%E2%80%AEb',
  `a/${'b'.repeat(141)}`,
])('refuses the path %j', async (path) => {
  expect(() => fileNames(path)).toThrow(/cannot be that of an upload/);
  if (path !== 'a') expect(() => folderName(path)).toThrow(/cannot be that of an upload/);
});

it('takes names of every script', () => {
  expect(fileNames('mod%C3%A8le%20(v2)/1_Pooling/%E8%A8%AD%E5%AE%9A.json')).toEqual([
    'modèle (v2)',
    '1_Pooling',
    '設定.json',
  ]);
});

it('follows no link out of the folder', async () => {
  const outside = join(place.dataDir, 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'a'), 'mine');
  await mkdir(join(imports, 'uploads'), { recursive: true });
  await symlink(outside, join(imports, 'uploads/link'));
  await ask('/import/links/b', { body: 'x' });
  await symlink(join(outside, 'a'), join(imports, 'uploads/links/a'));
  for (const path of ['/import/link/b', '/import/link/c/d', '/import/links/a']) {
    const { status, error } = await ask(path, { body: 'mine' });
    expect([status, error.code]).toEqual([409, 'CONFLICT']);
  }
  expect((await ask('/import/link', { method: 'DELETE' })).status).toBe(404);
  expect((await ask('/import/links', { method: 'DELETE' })).status).toBe(200);
  expect(await readdir(outside)).toEqual(['a']);
});

it('deletes what was uploaded, and nothing else of the import folder', async () => {
  await mkdir(join(imports, 'own'), { recursive: true });
  await ask('/import/gone/a/b', { body: 'x' });
  const asked = (path: string) => ask(path, { method: 'DELETE' });
  expect((await asked('/import/gone')).told).toEqual({ path: 'uploads/gone' });
  expect(await readdir(join(imports, 'uploads'))).not.toContain('gone');
  expect(await underWay()).toEqual([]);
  for (const [path, status] of [
    ['/import/gone', 404],
    ['/import/own', 404],
    ['/import/gone/a', 400],
    ['/import/..', 400],
  ] as const) {
    expect((await asked(path)).status).toBe(status);
  }
  const entries = [
    ['deleteUpload', 'editor', 'NOT_FOUND'],
    ['deleteUpload', 'editor', 'OK'],
  ];
  expect(await entriesOf('uploads/gone')).toEqual(entries);
  expect(await readdir(imports)).toContain('own');
});

describe('who may', () => {
  it.each([
    ['PUT', '/import/viewer/a', 'uploads/viewer/a', 'upload'],
    ['DELETE', '/import/viewer', 'uploads/viewer', 'deleteUpload'],
  ])('%s: an editor, no viewer, and nobody without a key', async (method, path, named, mutation) => {
    const { authorization } = await keyOf('viewer');
    const viewed = await ask(path, {
      method,
      body: method === 'PUT' ? Buffer.alloc(most) : '',
      headers: { authorization },
    });
    expect([viewed.status, viewed.error.code]).toEqual([403, 'FORBIDDEN']);
    expect(await entriesOf(named)).toEqual([[mutation, 'viewer', 'FORBIDDEN']]);
    const unknown = await ask(path, { method, headers: { authorization: `Bearer ${makeKey().key}` } });
    expect([unknown.status, unknown.headers['www-authenticate']]).toEqual([401, 'Bearer']);
  });

  it('no page of another origin, and one that is listed after its preflight', async () => {
    const foreign = await ask('/import/page/a', { body: 'x', headers: { origin: 'https://evil.example' } });
    expect([foreign.status, foreign.error.field]).toEqual([403, 'Origin']);
    expect((await ask('/import/page/a', { body: 'x', headers: { host: 'evil.example' } })).status).toBe(421);
    const headers = { origin: listed, 'access-control-request-method': 'PUT' };
    const preflight = await ask('/import/page/a', { method: 'OPTIONS', headers });
    expect([preflight.status, preflight.headers['access-control-allow-methods']]).toEqual([204, 'PUT, DELETE']);
    const own = await ask('/import/page/a', { body: 'x', headers: { origin: listed } });
    expect([own.status, own.headers['access-control-allow-origin']]).toEqual([201, listed]);
  });

  it('nobody by another method, or where uploads are off', async () => {
    const posted = await ask('/import/a/b', { method: 'POST', body: 'x' });
    expect([posted.status, posted.headers['allow']]).toEqual([405, 'PUT, DELETE']);
    const { database, config } = place;
    const off = createUploads({ database, config: { ...config, uploadBytes: null } });
    const caller = { name: 'somebody', role: 'admin', keyId: null, bucket: 'a' } as const;
    await expect(off.remove(caller, 'a')).rejects.toMatchObject({
      code: 'FORBIDDEN',
      details: { field: 'TANDEM_UPLOAD' },
    });
  });
});

it('is what the client sends, and takes away', async () => {
  const client = createClient({ url: place.url, headers: { authorization: editor } });
  const bytes = Buffer.from('some bytes');
  for (const body of [new Blob([bytes]), Uint8Array.from(bytes), new Blob([bytes]).stream()]) {
    expect(await client.upload('mine/modèle.json', body)).toEqual({
      path: 'uploads/mine/modèle.json',
      bytes: bytes.length,
      sha256: sha256(bytes),
    });
  }
  const other = client.upload('mine/modèle.json', new Blob(['other']));
  await expect(other).rejects.toMatchObject({ code: 'CONFLICT', extensions: { remedy: expect.any(String) } });
  expect(await client.deleteUpload('mine')).toEqual({ path: 'uploads/mine' });
  await expect(client.deleteUpload('mine')).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

it('answers a client that is still sending', async () => {
  const client = connect(place.port, '127.0.0.1').on('error', () => {});
  const head = [`PUT /import/large/b HTTP/1.1`, `host: 127.0.0.1:${place.port}`, `authorization: ${editor}`];
  client.write(`${[...head, 'content-length: 100000000'].join('\r\n')}\r\n\r\n`);
  const sending = setInterval(() => client.write(Buffer.alloc(100_000)), 5);
  await sleep(50);
  let answer = '';
  for await (const part of client.setEncoding('utf8')) {
    answer += part;
    if (answer.endsWith('}')) break;
  }
  clearInterval(sending);
  expect(answer).toMatch(/^HTTP\/1.1 413[\s\S]*LIMIT_EXCEEDED/);
});
