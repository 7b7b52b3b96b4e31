/** The programs of docs/examples do what they say, each as a process of its own, against one real service. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createLogger } from '../../src/log.ts';
import { type RunningTandem, startTandem } from '../../src/main.ts';

const root = join(import.meta.dirname, '../..');

describe('docs/examples', () => {
  let dataDir: string;
  let tandem: RunningTandem;
  /** Lines that train.mjs printed: the other programs go on from its run and its checkpoint. */
  let trained: readonly string[];

  /** Runs an example; its lines. */
  async function example(name: string, ...args: readonly string[]): Promise<string[]> {
    const env = { ...process.env, TANDEM_URL: tandem.url };
    const { stdout } = await promisify(execFile)(process.execPath, [`docs/examples/${name}`, ...args], {
      cwd: root,
      env,
    });
    return stdout.trim().split('\n');
  }
  const printed = (label: string): string =>
    trained.find((line) => line.startsWith(`${label} `))?.slice(label.length + 1) ?? '';

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'tandem-examples-'));
    const config = loadConfig({ ...process.env, TANDEM_DATA: dataDir, TANDEM_PORT: '0' });
    tandem = await startTandem(config, { logger: createLogger('test', 'silent') });
    trained = await example('train.mjs');
  });
  afterAll(async () => {
    await tandem.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('are all tested', () => {
    expect(
      readdirSync(join(root, 'docs/examples'))
        .filter((name) => name.endsWith('.mjs'))
        .sort(),
    ).toEqual(['fuse.mjs', 'search.mjs', 'train.mjs']);
  });

  it('train.mjs imports, trains with progress, and evaluates', () => {
    expect(trained.filter((line) => /^\d+\/12 (IR|STS) loss \d/.test(line))).toHaveLength(12);
    expect(trained).toContain('The run ended: SUCCEEDED');
    expect(trained.find((line) => line.startsWith('example questions'))).toMatch(/: ndcg_at_10 \d/);
    expect(trained.find((line) => line.startsWith('example pairs'))).toMatch(/: cosine_spearman -?\d/);
  });

  it('search.mjs embeds documents and finds among them', async () => {
    const lines = await example('search.mjs', printed('checkpoint'), 'The fan makes noise: replace its seal.');
    expect(lines[0]).toMatch(/^4 added, \d+ tokens embedded$/);
    expect(lines[1]).toMatch(/^4 searched for: The fan/);
    expect(lines.slice(2)).toHaveLength(3);
    expect(lines[2]).toMatch(/^1\. [01]\.\d{4} fan-1: /);
  });

  it('fuse.mjs fuses the epochs and exports a folder of sentence-transformers', async () => {
    const lines = await example('fuse.mjs', printed('run'), 'example-1');
    expect(lines[0]).toBe('Fusing the checkpoints of the steps 6, 12');
    const path = lines.at(-1) ?? '';
    expect(path).toBe(join(dataDir, 'export', 'example-1'));
    expect(existsSync(join(path, 'model.safetensors'))).toBe(true);
    expect(JSON.parse(await readFile(join(path, 'config.json'), 'utf8'))).toMatchObject({ hidden_size: 16 });
  });
});
