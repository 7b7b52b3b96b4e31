/** `tandem verify` as a process of its own, beside a service and without one. */
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { architecture, createModel, importRecords, irRecords } from '../graphql/live/fixture.ts';
import { type Served, serve } from '../graphql/live/harness.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { runTandem } from './tandem.ts';

const folder = temporaryFolder();
let served: Served;
/** The folder of a model. */
let model: string;

beforeAll(async () => {
  served = await serve(loadConfig({ ...process.env, TANDEM_DATA: join(folder(), 'data'), TANDEM_PORT: '0' }));
  const data = await importRecords(served, 'data', irRecords);
  await createModel(served, { name: 'm', vocabularyFrom: [data], vocabularySize: 200, maxLength: 24, architecture });
  const models = join(served.config.dataDir, 'objects/models');
  model = join(models, (await readdir(models))[0]!);
});
afterAll(() => served.tandem.close());

interface Verified {
  readonly objects: number;
  readonly findings: readonly { readonly kind: string; readonly path: string }[];
}

async function verify(url = served.url, args: readonly string[] = []): Promise<[number | null, Verified]> {
  const { code, stdout, stderr } = await runTandem(url, ['verify', '--json', ...args]);
  const [last] = stdout.trim().split('\n').slice(-1);
  if (!last) throw new Error(stderr);
  return [code, JSON.parse(last) as Verified];
}

it('finds nothing beside a service that wrote it all, and passes over the files of others', async () => {
  expect(await verify()).toEqual([0, { objects: 2, findings: [] }]);
  await writeFile(join(model, '.DS_Store'), '');
  const [code, { findings }] = await verify();
  expect([code, findings]).toEqual([0, [expect.objectContaining({ kind: 'UNNAMED', path: join(model, '.DS_Store') })]]);
  await rm(join(model, '.DS_Store'));
});

it('says which file is damaged, with exit code 5, until it is mended', async () => {
  const path = join(model, 'model.safetensors');
  const bytes = await readFile(path);
  const flipped = Buffer.from(bytes);
  flipped[bytes.length >> 1]! ^= 32;
  await writeFile(path, flipped);
  const { code, stdout } = await runTandem(served.url, ['verify']);
  expect(code).toBe(5);
  expect(stdout).toContain(`DAMAGED: A file of Tandem is damaged: ${path}: its content is not what was written`);
  expect(stdout).toContain('Restore it from a backup of the data folder');
  await writeFile(path, bytes);
  expect((await verify())[0]).toBe(0);
});

it('says which folder is gone that the database names', async () => {
  await rename(model, join(folder(), 'aside'));
  const [code, { findings }] = await verify();
  expect([code, findings]).toEqual([5, [expect.objectContaining({ kind: 'MISSING', path: model })]]);
  await rename(join(folder(), 'aside'), model);
});

it('opens the data folder itself where no service runs, and says so of one that is not there', async () => {
  await served.tandem.close();
  expect(await verify('', ['--data', served.config.dataDir])).toEqual([0, { objects: 2, findings: [] }]);
  const { code, stderr } = await runTandem('', ['verify', '--data', join(folder(), 'none')]);
  expect([code, stderr]).toEqual([2, expect.stringContaining('there is no data folder')]);
});
