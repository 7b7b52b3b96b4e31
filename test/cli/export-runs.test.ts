/** `tandem export-runs` as a process of its own, against a real service that trained a run. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLive } from '../graphql/live/fixture.ts';
import { type Live, stopLive } from '../graphql/live/harness.ts';
import { runTandem } from './tandem.ts';

let live: Live;
let folder: string;
beforeAll(async () => {
  live = await startLive();
  folder = await mkdtemp(join(tmpdir(), 'tandem-export-'));
});
afterAll(async () => {
  await stopLive(live);
  await rm(folder, { recursive: true, force: true });
});
const tandem = (...args: readonly string[]) => runTandem(live.url, ['export-runs', ...args]);

describe('tandem export-runs', () => {
  it('writes the metrics of a run by its name as CSV', async () => {
    const file = join(folder, 'metrics.csv');
    const { code, stdout } = await tandem('fixture', '--file', file);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/metrics\.csv \(\d+ rows\)/)]);
    const rows: Record<string, string>[] = parse(await readFile(file), { columns: true });
    const losses = rows.filter(({ metric }) => metric === 'loss');
    expect(losses.map((row) => row['step'])).toEqual(['1', '2', '3', '4', '5', '6']);
    for (const { run, value } of losses) {
      expect(run).toBe(live.made.run);
      expect(Number(value)).toBeGreaterThan(0);
    }
  });

  it('writes settings as JSON, and its answer as JSON', async () => {
    const file = join(folder, 'settings.json');
    const args = [live.made.run, '--table', 'settings', '--format', 'json', '--file', file, '--json'];
    const { code, stdout } = await tandem(...args);
    expect([code, JSON.parse(stdout)]).toEqual([0, { path: file, rows: 1 }]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject([
      { run: live.made.run, name: 'fixture', state: 'SUCCEEDED', 'settings.irBatchSize': 6 },
    ]);
  });

  it('leaves files alone that are there, and none behind where it fails', async () => {
    const taken = join(folder, 'taken.csv');
    expect((await tandem('fixture', '--file', taken)).code).toBe(0);
    const before = await readFile(taken, 'utf8');
    const again = await tandem('fixture', '--file', taken);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('taken.csv already') });
    expect(await readFile(taken, 'utf8')).toBe(before);
    const twice = join(folder, 'twice.csv');
    const failed = await tandem('fixture', live.made.run, '--file', twice);
    expect(failed).toMatchObject({ code: 2, stderr: expect.stringContaining('named twice') });
    await expect(readFile(twice)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await tandem('nobody', '--file', join(folder, 'x.csv'))).toMatchObject({ code: 2 });
    expect(await tandem('fixture', '--file', join(folder, 'none', 'x.csv'))).toMatchObject({ code: 2 });
  });
});
