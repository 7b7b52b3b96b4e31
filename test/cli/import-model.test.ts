/** `tandem import-model` as a process of its own, against one real service: its warnings, and what it refuses. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pipelinePath } from '../formats/pipelines.ts';
import { startLive } from '../graphql/live/fixture.ts';
import { get, type Live, stopLive } from '../graphql/live/harness.ts';

const entry = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

let live: Live;
beforeAll(async () => {
  live = await startLive();
  const folder = join(live.config.importDir, 'eos');
  await cp(pipelinePath('llama-weightedmean'), folder, { recursive: true });
  const file = join(folder, 'tokenizer_config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...config, tokenizer_class: 'LlamaTokenizer', add_eos_token: true }));
});
afterAll(() => stopLive(live));

const warning = /add_eos_token is true, but .*tokenizer\.json adds no token after a text/;

it('warns beside its result', async () => {
  const env = { ...process.env, TANDEM_URL: live.url };
  const args = [entry, 'import-model', 'eos', '--name', 'eos'];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [[code], stdout, stderr] = await Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^eos: \d+ parameters/);
  expect(stderr).toMatch(new RegExp(`^warning: .*${warning.source}`, 'm'));
});

it('tells the same warnings to every repeat of the key', async () => {
  const mutation = 'mutation($input: ImportModelInput!) { importModel(input: $input) { warnings job { id } } }';
  const input = { name: 'keyed', source: { folder: 'eos' }, idempotencyKey: 'eos' };
  const [first, second] = [await get(live, mutation, { input }), await get(live, mutation, { input })];
  expect(first).toMatchObject({ importModel: { warnings: [expect.stringMatching(warning)] } });
  expect(second).toEqual(first);
});
