/** A command that opens the data folder itself leaves what it finds there as it is. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/db/open.ts';
import { runsWithJobs } from '../../src/db/schema.ts';
import { temporaryFolder } from '../db/database.ts';
import { insertRun } from '../db/rows.ts';

const cli = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

it('embed takes no queued run', async () => {
  const folder = await temporaryFolder();
  const config = { dataDir: join(folder.path, 'data'), databaseUrl: undefined };
  const texts = join(folder.path, 'texts.json');
  await writeFile(texts, '["a text"]');
  let database = await openDatabase(config);
  await insertRun(database.db);
  await database.close();
  const args = [cli, 'embed', '--model', 'no-such-alias', '--texts', texts, '--data', config.dataDir];
  const env = { ...process.env, TANDEM_URL: undefined, DATABASE_URL: undefined };
  await expect(promisify(execFile)(process.execPath, args, { env })).rejects.toMatchObject({
    stderr: expect.stringContaining('no-such-alias'),
  });
  database = await openDatabase(config);
  expect(await database.db.select().from(runsWithJobs)).toMatchObject([{ state: 'QUEUED', attempt: 0 }]);
  await database.close();
  await folder.remove();
});
