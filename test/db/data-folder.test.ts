/** The data folder: one process at a time, its format, and ends of all kinds. PGlite and real processes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownFolder } from '../../src/db/folder-owner.ts';
import { checkFormat, dataFormat, pgliteVersion } from '../../src/db/format.ts';
import { lockDataFolder } from '../../src/db/lock.ts';
import { openDatabase } from '../../src/db/open.ts';
import { models } from '../../src/db/schema.ts';
import { judge } from '../../src/db/server-version.ts';
import { temporaryFolder } from './database.ts';
import { newModel } from './rows.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const newFolder = async (name: string): Promise<string> => {
  const path = join(folder.path, name);
  await mkdir(path);
  return path;
};

describe('lockDataFolder', () => {
  it('refuses a second owner and names the first, until it is released', async () => {
    const path = await newFolder('second');
    const lock = await lockDataFolder(path);
    const message = new RegExp(`in use by process ${process.pid} `);
    await expect(lockDataFolder(path)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(message),
    });
    await lock.release();
    await (await lockDataFolder(path)).release();
    expect(await readdir(path)).toEqual([]);
  });

  it('refuses while another process lives and takes over when it was killed', async () => {
    const path = await newFolder('killed');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")'], { stdio: 'pipe' });
    await once(child.stdout, 'data');
    const ticks = (await readFile(`/proc/${child.pid}/stat`, 'utf8').catch(() => '')).split(' ')[21] ?? '';
    const own = await lockDataFolder(path);
    await own.release();
    const other = { ...own.owner, id: 'other', pid: child.pid, startTicks: ticks };
    await writeFile(join(path, 'tandem.lock'), JSON.stringify(other));
    await expect(lockDataFolder(path)).rejects.toThrow(`in use by process ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await (await lockDataFolder(path)).release();
  });

  it('takes over after a reboot, after a pid was given again, and from a torn file', async () => {
    const path = await newFolder('stale');
    const own = await lockDataFolder(path);
    await own.release();
    const stale = [
      JSON.stringify({ ...own.owner, id: 'x', bootId: 'an earlier boot' }),
      JSON.stringify({ ...own.owner, id: 'y', startTicks: own.owner.startTicks && '1' }),
      '{"pid": 1',
    ];
    for (const text of stale) {
      await writeFile(join(path, 'tandem.lock'), text);
      await (await lockDataFolder(path)).release();
    }
  });

  it('believes a process that it cannot see as long as the file is fresh', async () => {
    const path = await newFolder('container');
    const own = await lockDataFolder(path);
    await own.release();
    const unseen = { ...own.owner, id: 'z', bootId: 'another machine', host: 'elsewhere' };
    await writeFile(join(path, 'tandem.lock'), JSON.stringify(unseen));
    await expect(lockDataFolder(path)).rejects.toThrow('on elsewhere');
  });

  it('passes over a lock that was copied with its folder, and not one that its owner still touches', async () => {
    const [path, copy] = [await newFolder('original'), await newFolder('copy')];
    const lock = await lockDataFolder(path);
    const [original, copied] = [join(path, 'tandem.lock'), join(copy, 'tandem.lock')];
    await writeFile(copied, await readFile(original));
    const old = new Date(Date.now() - 60_000);
    await utimes(copied, old, old);
    const ofCopy = await lockDataFolder(copy);
    expect([lock.isCopy, ofCopy.isCopy]).toEqual([false, true]);
    await ofCopy.release();
    // As a file system shows it that numbers files anew.
    await writeFile(original, JSON.stringify({ ...lock.owner, file: '1-1' }));
    const refused = expect(lockDataFolder(path)).rejects.toThrow(`in use by process ${process.pid}`);
    await sleep(700);
    await utimes(original, new Date(), new Date());
    await refused;
    await lock.release();
  });

  it('gives the folder to one of many that find a dead owner', async () => {
    const path = await newFolder('race');
    await writeFile(join(path, 'tandem.lock'), '{}');
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataFolder(path)));
    const locks = results.filter((result) => result.status === 'fulfilled');
    expect(locks).toHaveLength(1);
    await locks[0].value.release();
  });
});

describe('ownFolder', () => {
  it('keeps the id of the folder, and names the processes whose work is not marked yet', async () => {
    const path = await newFolder('owner');
    async function start({ isCopy = false, settles = true } = {}) {
      const lock = await lockDataFolder(path);
      const owner = await ownFolder(path, { ...lock, isCopy });
      if (settles) await owner.settle();
      await lock.release();
      return owner;
    }
    const first = await start();
    const second = await start({ settles: false });
    const third = await start();
    const fourth = await start();
    expect(first.dead).toEqual([]);
    expect(second.dead).toEqual([first.process]);
    expect(third.dead).toEqual([first.process, second.process]);
    expect(fourth.dead).toEqual([third.process]);
    expect(new Set([first, second, third, fourth].map(({ folder: id }) => id)).size).toBe(1);
    const copy = await start({ isCopy: true });
    expect(copy.dead).toEqual([]);
    expect(copy.folder).not.toBe(first.folder);
    await writeFile(join(path, 'folder.json'), '{"folder": "x"');
    expect((await start()).dead).toEqual([]);
  });
});

describe('checkFormat', () => {
  it('records itself and accepts itself', async () => {
    const path = await newFolder('format');
    const recorded = await checkFormat(path);
    expect(recorded).toMatchObject({ format: dataFormat, pglite: pgliteVersion });
    expect(await checkFormat(path)).toEqual(recorded);
  });

  it('names the PGlite that is installed', async () => {
    const file = new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: pgliteVersion });
  });

  it.each([
    ['a newer format', { format: dataFormat + 1, pglite: pgliteVersion, tandem: '9.0.0' }, /of a newer Tandem/],
    ['an older format', { format: 0, pglite: pgliteVersion, tandem: '0.0.1' }, /of an older Tandem/],
    ['a newer PGlite', { format: dataFormat, pglite: '1.0.0', tandem: '9.0.0' }, /newer PGlite, 1.0.0/],
    ['an older PGlite', { format: dataFormat, pglite: '0.4.9', tandem: '0.0.1' }, /older PGlite, 0.4.9/],
  ])('refuses %s with the remedy', async (name, record, message) => {
    const path = await newFolder(name);
    await writeFile(join(path, 'format.json'), JSON.stringify(record));
    await expect(checkFormat(path)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringMatching(message),
      details: { remedy: expect.stringContaining(`Tandem ${record.tandem}`) },
    });
  });

  it('refuses a file that is no record', async () => {
    const path = await newFolder('garbage');
    await writeFile(join(path, 'format.json'), 'not json');
    await expect(checkFormat(path)).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('openDatabase on a data folder', () => {
  it('keeps rows over a close, refuses a second opener, leaves no socket and closes fast', async () => {
    const dataDir = await newFolder('kept');
    const leftover = await mkdtemp(join(tmpdir(), 'tandem-'));
    await writeFile(join(dataDir, 'database.socket'), leftover);
    const first = await openDatabase({ dataDir, databaseUrl: undefined });
    await first.db.insert(models).values(newModel({ name: 'kept' }));
    await expect(openDatabase({ dataDir, databaseUrl: undefined })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(first.death).toBeUndefined();
    const start = performance.now();
    await first.close();
    expect(first.death).toMatchObject({ code: 'UNAVAILABLE' });
    // Tens of milliseconds; 2 s is when the thread is ended by force.
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(existsSync(first.pool.options.host ?? '')).toBe(false);
    expect(existsSync(leftover)).toBe(false);
    expect(await readdir(dataDir)).toEqual(['database', 'folder.json', 'format.json']);

    const second = await openDatabase({ dataDir, databaseUrl: undefined });
    expect(await second.db.select({ name: models.name }).from(models)).toEqual([{ name: 'kept' }]);

    await second.pool.query(`update drizzle.__drizzle_migrations set created_at = created_at + 4000000000000`);
    await second.close();
    await expect(openDatabase({ dataDir, databaseUrl: undefined })).rejects.toThrow('changed by a newer Tandem');
    expect(await readdir(dataDir)).toEqual(['database', 'folder.json', 'format.json']);
  });

  it('says what to do when the folder is damaged', async () => {
    const dataDir = await newFolder('damaged');
    await mkdir(join(dataDir, 'database'));
    await writeFile(join(dataDir, 'database', 'PG_VERSION'), '18\n');
    await expect(openDatabase({ dataDir, databaseUrl: undefined })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await readdir(dataDir)).not.toContain('tandem.lock');
  });

  it('says what to do when DATABASE_URL names no server, without its password', async () => {
    const dataDir = await newFolder('no-server');
    const opening = openDatabase({ dataDir, databaseUrl: 'postgres://me:secret@127.0.0.1:9/none' });
    await expect(opening).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.not.stringContaining('secret'),
      details: { field: 'DATABASE_URL' },
    });
  });
});

describe('a server without the vectors we need', () => {
  it.each([
    ['no pgvector', null, null, /has no pgvector/, /Install pgvector/],
    ['an old one', '0.6.2', '0.6.2', /pgvector 0.6.2/, /Install a newer/],
    ['an old one to be installed', '0.6.2', null, /pgvector 0.6.2/, /Install a newer/],
    ['an old one in the database', '0.8.0', '0.5.1', /pgvector 0.5.1 in this database/, /ALTER EXTENSION/],
  ])('is refused: %s', (_, available, installed, message, remedy) => {
    const judging = () => judge({ server: '15.1', available, installed }, 'The Postgres 15.1');
    expect(judging).toThrow(message);
    expect(judging).toThrow(
      expect.objectContaining({
        code: 'UNAVAILABLE',
        details: expect.objectContaining({ remedy: expect.stringMatching(remedy) }),
      }),
    );
  });

  it('is told apart from those that do', () => {
    expect(judge({ server: '15.1', available: '0.7.0', installed: null }, '')).toEqual({
      server: '15.1',
      vector: '0.7.0',
    });
    expect(judge({ server: '18', available: '1.0.0', installed: '0.10.1' }, '').vector).toBe('0.10.1');
  });
});
