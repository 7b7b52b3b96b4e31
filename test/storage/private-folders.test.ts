/** What other users of the machine may read of a data folder. */
import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createLogger } from '../../src/log.ts';
import { startTandem } from '../../src/main.ts';
import { keepPrivate } from '../../src/storage/private-folders.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe.skipIf(process.platform === 'win32')('a data folder that others may list', () => {
  const folder = temporaryFolder();

  it('keeps its mode, and what an earlier version made in it is closed', async () => {
    const dataDir = join(folder(), 'earlier');
    const outside = join(folder(), 'outside');
    for (const path of [dataDir, outside, join(dataDir, 'objects'), join(dataDir, 'hub'), join(dataDir, 'mine')]) {
      await mkdir(path);
      await chmod(path, 0o755);
    }
    await symlink(outside, join(dataDir, 'export'));
    expect(await keepPrivate(dataDir)).toEqual([{ path: dataDir, mode: '755' }]);
    const modes = await Promise.all(
      ['', 'objects', 'hub', 'mine', 'export'].map((name) => modeOf(join(dataDir, name))),
    );
    expect(modes).toEqual([0o755, 0o700, 0o700, 0o755, 0o755]);
  });

  it('has private folders only, after a start and an import', async () => {
    const dataDir = join(folder(), 'new');
    await mkdir(dataDir);
    await chmod(dataDir, 0o755);
    const config = { ...loadConfig({ TANDEM_DATA: dataDir }), port: 0 };
    const tandem = await startTandem(config, { logger: createLogger('test', 'silent') });
    try {
      await writeFile(
        join(config.importDir, 'a.jsonl'),
        `${JSON.stringify({ query: ['', '', 'a'], pos: [], neg: [] })}\n`,
      );
      const query =
        'mutation { importDataset(input: {name: "s", source: {sample: {task: STS, seed: 1}}}) { dataset { id } } }';
      const answer = await fetch(`${tandem.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-graphql-yoga-csrf': '1' },
        body: JSON.stringify({ query }),
      });
      expect(await answer.json()).toMatchObject({ data: { importDataset: { dataset: { id: expect.any(String) } } } });
      const entries = await readdir(dataDir, { withFileTypes: true });
      const open: string[] = [];
      for (const entry of entries.filter((found) => found.isDirectory()))
        if ((await modeOf(join(dataDir, entry.name))) & 0o077) open.push(entry.name);
      expect(open).toEqual([]);
      expect(entries.map(({ name }) => name)).toEqual(expect.arrayContaining(['database', 'import', 'objects']));
      expect(await modeOf(dataDir)).toBe(0o755);
    } finally {
      await tandem.close();
    }
  });
});
