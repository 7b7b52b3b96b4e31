/** A new embedded database is unpacked whole or not at all, and never over one that is there. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { databaseTemplate } from '../../src/assets.ts';
import { pgliteVersion } from '../../src/db/format.ts';
import { unpackTemplate } from '../../src/db/template.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const archive = databaseTemplate(pgliteVersion);

describe('the template of a new database', () => {
  const root = temporaryFolder();

  it('is unpacked file by file, in place of what a killed process left', async () => {
    const data = join(root(), 'new');
    const folder = join(data, 'database');
    await mkdir(`${folder}.new/base`, { recursive: true });
    await writeFile(`${folder}.new/base/half`, 'half');
    unpackTemplate(archive, folder);
    expect(await readdir(data)).toEqual(['database']);
    expect(await readFile(join(folder, 'PG_VERSION'), 'utf8')).toBe('18\n');
    expect(await readdir(join(folder, 'base'))).not.toContain('half');
    expect((await stat(join(folder, 'pg_wal', 'archive_status'))).isDirectory()).toBe(true);
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const sizes = entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name)));
    const bytes = (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
    // Headers and padding are the rest.
    const archived = gunzipSync(await readFile(archive)).length;
    expect(bytes).toBeGreaterThan(0.97 * archived - 1_000_000);
    expect(bytes).toBeLessThan(archived);
  });

  it('leaves a database alone', async () => {
    const folder = join(root(), 'mine');
    await mkdir(folder);
    unpackTemplate(archive, folder);
    expect(await readdir(folder)).toEqual([]);
  });

  it('that is missing or cut off is named as a fault of the installation, and leaves no folder', async () => {
    const [missing, cut] = ['missing', 'cut'].map((name) => join(root(), `${name}.tar.gz`));
    const bytes = await readFile(archive);
    await writeFile(cut, bytes.subarray(0, bytes.length / 2));
    const data = join(root(), 'data');
    await mkdir(data);
    const refusal = (path: string, message: RegExp) =>
      expect.objectContaining({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(message),
        details: expect.objectContaining({ field: path, remedy: expect.stringMatching(/npm run build/) }),
      });
    const unpackFrom = (path: string) => () => unpackTemplate(path, join(data, 'database'));
    expect(unpackFrom(missing)).toThrow(refusal(missing, /is missing$/));
    expect(unpackFrom(cut)).toThrow(refusal(cut, /cannot be read \(unexpected end of file\)$/));
    expect(await readdir(data)).toEqual([]);
  });
});
