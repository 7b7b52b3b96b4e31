/** Models of other programs, from a folder and from a hub, through the API and through the commands for scripts. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CheckpointsDocument,
  createClient,
  DeleteModelDocument,
  EmbedDocument,
  ImportModelDocument,
  ModelsDocument,
  type TandemClient,
  TokenizeDocument,
} from '../../src/client/index.ts';
import { loadConfig } from '../../src/config.ts';
import { createLogger } from '../../src/log.ts';
import { type RunningTandem, startTandem } from '../../src/main.ts';
import { tinySpec, writeTinyModel } from '../formats/tiny-model.ts';
import { type HubServer, startHub } from '../hub/hub-server.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const cli = join(import.meta.dirname, '../../dist/src/cli/main.js');
const repository = 'tests/tiny';
/** Heads of a size that has kernels. */
const architecture = { ...tinySpec.architecture, width: 32, heads: 2, innerWidth: 32 };
const prompts = { query: 'find query: ', own: 'a b: ' };
const texts = ['pump leak', '', '  Pumps\0 leak \n', 'oil '.repeat(40), '\ufffd 😀 oil'];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Vectors {
  readonly dimension: number;
  readonly vectors: string;
  readonly tokens: readonly number[];
  readonly truncated: readonly boolean[];
}

const lastLine = <T>({ stdout }: Ended): T => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as T;

/** Floats of base64, rows of `dimension`. */
function rowsOf(base64: string, dimension: number): number[][] {
  const bytes = Buffer.from(base64, 'base64');
  const row = (start: number) => Array.from({ length: dimension }, (_, i) => bytes.readFloatLE(4 * (start + i)));
  return Array.from({ length: bytes.length / 4 / dimension }, (_, i) => row(i * dimension));
}

interface JobView {
  readonly id: string;
  readonly state: string;
  readonly stage: string | null;
  readonly done: number;
}

async function ask<T>(url: string, query: string, variables: object): Promise<T> {
  const headers = { 'content-type': 'application/json', 'x-graphql-yoga-csrf': '1' };
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query, variables }),
  });
  return ((await response.json()) as { data: T }).data;
}

async function jobOfKey(url: string, key: string): Promise<JobView | undefined> {
  const query = 'query($key: String!) { jobs(filter: { idempotencyKey: $key }) { nodes { id state stage done } } }';
  const { jobs } = await ask<{ jobs: { nodes: JobView[] } }>(url, query, { key });
  return jobs.nodes[0];
}

const cancel = (url: string, id: string): Promise<unknown> =>
  ask(url, 'mutation($id: ID!) { cancelJob(id: $id) { id } }', { id });

describe('real models', () => {
  const root = temporaryFolder();
  const at = (...parts: string[]): string => join(root(), ...parts);

  /**
   * The command in an empty working folder, with a temporary folder of its own. `meanwhile` gets the process: to end
   * it, or to close what it writes to.
   */
  async function run(
    name: string,
    args: readonly string[],
    meanwhile?: (child: ChildProcessWithoutNullStreams) => unknown,
  ): Promise<Ended & { readonly left: readonly string[] }> {
    const folders = { cwd: at(name, 'cwd'), TMPDIR: at(name, 'tmp') };
    for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
    const { TANDEM_DATA: _data, TANDEM_URL: _url, ...environment } = process.env;
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: folders.cwd,
      env: { ...environment, TMPDIR: folders.TMPDIR },
    });
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        output[stream] += text;
      });
    }
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    await meanwhile?.(child);
    const code = await ended;
    const left = (await Promise.all(Object.values(folders).map((folder) => readdir(folder)))).flat();
    return { code, ...output, left };
  }

  beforeAll(async () => {
    await writeTinyModel(at('model'), { spec: { ...tinySpec, architecture, prompts, defaultPromptName: 'own' } });
    await writeFile(at('texts.json'), JSON.stringify(texts));
  });

  describe('without a service', () => {
    it('tokenizes by a folder that has a tokenizer alone, texts of any length, and leaves nothing behind', async () => {
      const golden = JSON.parse(
        await readFile(join(import.meta.dirname, '../fixtures/tokenizer/bpe-byte-level.json'), 'utf8'),
      );
      const strings = await readFile(join(import.meta.dirname, '../fixtures/tokenizer/hard-strings.json'), 'utf8');
      await mkdir(at('tokenizer'));
      await writeFile(at('tokenizer', 'tokenizer.json'), JSON.stringify(golden.tokenizer));
      // Half a pair of surrogates is refused; the goldens have the replacement character there.
      const whole = (JSON.parse(strings) as string[]).map((text) => text.toWellFormed());
      const long = 'oil '.repeat(300_000);
      await writeFile(at('strings.json'), JSON.stringify([...whole, long]));
      const ended = await run('a', ['tokenize', '--model', at('tokenizer'), '--texts', at('strings.json'), '--json']);
      expect(ended).toMatchObject({ code: 0, left: [] });
      const { ids, offsets } = lastLine<{ ids: number[][]; offsets: number[][][] }>(ended);
      expect(ids.slice(0, -1).map((list, i) => [list, offsets[i].flat()])).toEqual(golden.tokens);
      // The last token is a special one.
      expect(offsets.at(-1)?.at(-2)?.at(-1)).toBe(long.length);
    });

    it('embeds by a folder, and leaves nothing behind', async () => {
      // As a killed server leaves it, when its pid is another process by now.
      await mkdir(at('stale'));
      const portFile = JSON.stringify({ url: 'http://127.0.0.1:9', pid: process.pid });
      await writeFile(at('stale', 'server.json'), portFile);
      const args = ['embed', '--model', at('model'), '--texts', at('texts.json'), '--json', '--data', at('stale')];
      const ended = await run('b', args);
      expect(await readdir(at('stale'))).toEqual(['server.json']);
      expect(ended).toMatchObject({ code: 0, left: [] });
      const { dimension, vectors, tokens, truncated } = lastLine<Vectors>(ended);
      expect(dimension).toBe(architecture.width);
      expect(rowsOf(vectors, dimension)).toHaveLength(texts.length);
      // [CLS] a b : ... [SEP]: the default prompt.
      expect(tokens).toEqual([7, 5, 8, 12, 7]);
      expect(truncated).toEqual([false, false, false, true, false]);
    });

    it('says what is wrong with a model and nothing else', async () => {
      await mkdir(at('empty'));
      const refused = await run('empty', ['embed', '--model', at('empty'), '--texts', at('texts.json'), '--json']);
      expect(refused).toMatchObject({ code: 2, stdout: '', left: [] });
      expect(refused.stderr).toBe(
        `error: ${at('empty', 'config.json')}: the file is missing\nremedy: Give the folder of a whole model.\n`,
      );
    });

    it('leaves nothing behind when it is killed', async () => {
      const tmp = at('killed');
      await mkdir(tmp);
      const args = ['embed', '--model', at('model'), '--texts', at('texts.json')];
      const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, TMPDIR: tmp }, stdio: 'ignore' });
      await expect.poll(() => readdir(tmp), { timeout: 60_000 }).toHaveLength(2);
      child.kill('SIGKILL');
      await expect.poll(() => readdir(tmp), { timeout: 60_000 }).toEqual([]);
    });

    it('says what is wrong before it starts anything', async () => {
      await writeFile(at('numbers.json'), '["a", 1]');
      const cases = [
        [['tokenize', '--model', './absent', '--texts', at('texts.json')], 'there is no folder ./absent'],
        [['embed', '--model', 'absent', '--texts', at('texts.json')], 'there is neither a folder absent nor'],
        [['embed', '--model', at('model'), '--texts', at('numbers.json')], 'holds 1 at place 1, which is no string'],
        [['embed', '--model', at('model'), '--texts', at('absent.json')], 'cannot be read'],
        [['embed', '--model', at('model')], "required option '--texts <file>'"],
      ] as const;
      for (const [i, [args, message]] of cases.entries()) {
        const ended = await run(`c${i}`, args);
        expect(ended.stderr).toContain(message);
        expect(ended).toMatchObject({ code: 2, stdout: '', left: [] });
      }
    });
  });

  describe('with a service', () => {
    let hub: HubServer;
    let tandem: RunningTandem;
    let client: TandemClient;
    /** The model that every test finds, imported from the hub. */
    let tiny: { readonly id: string };
    const start = (data: string, offline: boolean) => {
      const config = loadConfig({ ...process.env, TANDEM_DATA: at(data), TANDEM_PORT: '0' });
      const settings = { ...config, hub: { endpoint: hub.endpoint, token: 'hf_secretsecret', offline } };
      return startTandem(settings, { logger: createLogger('test', 'silent') });
    };
    beforeAll(async () => {
      const files = await readdir(at('model'), { recursive: true, withFileTypes: true });
      const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
      const contents = paths.map(async (path) => [path.slice(at('model').length + 1), await readFile(path)] as const);
      hub = await startHub(repository, new Map(await Promise.all(contents)));
      tandem = await start('data', false);
      client = createClient({ url: tandem.url });
      tiny = await importFromHub(client, 'tiny');
    });
    afterAll(async () => {
      await tandem?.close();
      await hub?.close();
    });
    const importFromHub = async (from: TandemClient, name: string, revision = 'main') => {
      const source = { hub: { repository, revision } };
      return (await from.execute(ImportModelDocument, { input: { name, source } })).importModel.model;
    };

    it('imports a model from a hub: the vectors are those of the folder', async () => {
      const { embed } = await client.execute(EmbedDocument, { texts, checkpoint: { id: tiny.id }, prompt: {} });
      expect(embed.report.prompt).toBe(prompts.own);
      const ended = await run('d', [
        'embed',
        '--model',
        at('model'),
        '--texts',
        at('texts.json'),
        '--json',
        '--data',
        at('data'),
      ]);
      expect(ended).toMatchObject({ code: 0, left: [] });
      const { vectors, dimension, tokens } = lastLine<Vectors>(ended);
      const rows = embed.embeddings.map(({ base64 }) => rowsOf(base64, dimension)[0]);
      expect(rowsOf(vectors, dimension)).toEqual(rows);
      expect(tokens).toEqual(embed.embeddings.map((item) => item.tokens));
      // The command's own model and its copy of the folder are gone.
      expect((await client.execute(ModelsDocument, {})).models.nodes.map(({ name }) => name)).toEqual(['tiny']);
      expect(await readdir(at('data', 'import'))).toEqual([]);
    });

    it.each(['SIGKILL', 'SIGINT'] as const)('leaves nothing in the service when it ends by %s', async (signal) => {
      await writeFile(at('many.json'), JSON.stringify(Array.from({ length: 20_000 }, (_, i) => `oil pump ${i}`)));
      const args = ['embed', '--model', at('model'), '--texts', at('many.json'), '--json', '--data', at('data')];
      const names = async () => (await client.execute(ModelsDocument, {})).models.nodes.map(({ name }) => name);
      const ended = await run(signal, args, async (child) => {
        await expect.poll(names, { timeout: 60_000, interval: 20 }).toHaveLength(2);
        expect(await readdir(at('data', 'import'))).toHaveLength(1);
        child.kill(signal);
      });
      expect(ended.stdout).toBe('');
      await expect.poll(names, { timeout: 20_000 }).toEqual(['tiny']);
      expect(await readdir(at('data', 'import'))).toEqual([]);
    });

    it("names the user's own folder in what the service refuses", async () => {
      await mkdir(at('half'));
      await writeFile(at('half', 'config.json'), '{"model_type":"gpt2"}');
      for (const [command, message] of [
        ['embed', `error: ${at('half', 'config.json')}: the model family "gpt2" is not known`],
        ['tokenize', `error: ${at('half', 'tokenizer.json')}: the file is missing`],
      ]) {
        const args = [command, '--model', at('half'), '--texts', at('texts.json'), '--data', at('data')];
        const refused = await run(`half-${command}`, args);
        expect(refused).toMatchObject({ code: 2, left: [] });
        expect(refused.stderr).toContain(message);
        expect(refused.stderr).not.toContain(at('data'));
      }
      expect(await readdir(at('data', 'import'))).toEqual([]);
    });

    it('embeds with a named prompt, and names the prompts where there is no such one', async () => {
      const [{ id }] = (await client.execute(CheckpointsDocument, {})).checkpoints.nodes;
      const ask = (prompt: string) =>
        run('e', [
          'embed',
          '--model',
          id,
          '--prompt',
          prompt,
          '--texts',
          at('texts.json'),
          '--json',
          '--data',
          at('data'),
        ]);
      expect(lastLine<Vectors>(await ask('query')).tokens).toEqual([7, 5, 8, 12, 7]);
      const refused = await ask('nothing');
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toContain('expected: one of "own", "query"');
    });

    it('knows the dimension where there are no texts', async () => {
      await writeFile(at('none.json'), '[]');
      const args = ['embed', '--model', at('model'), '--texts', at('none.json'), '--json', '--data', at('data')];
      const none = await run('none', args);
      expect(none.code).toBe(0);
      const dimension = architecture.width;
      expect(lastLine<Vectors>(none)).toEqual({ dimension, vectors: '', tokens: [], truncated: [] });
    });

    it('ends as always where nobody reads on', async () => {
      await writeFile(at('many-words.json'), JSON.stringify(Array.from({ length: 100 }, () => 'oil '.repeat(400))));
      const args = [
        'tokenize',
        '--model',
        at('model'),
        '--texts',
        at('many-words.json'),
        '--json',
        '--data',
        at('data'),
      ];
      const unread = await run('unread', args, (child) => child.stdout.destroy());
      expect(unread).toMatchObject({ code: 0, left: [] });
      expect(unread.stderr).toBe('100 texts, 40200 tokens (--json prints them)\n');
    });

    it('tokenizes by a checkpoint', async () => {
      const [{ id }] = (await client.execute(CheckpointsDocument, {})).checkpoints.nodes;
      const ended = await run('f', [
        'tokenize',
        '--model',
        id,
        '--texts',
        at('texts.json'),
        '--json',
        '--data',
        at('data'),
      ]);
      const { ids, offsets } = lastLine<{ ids: number[][]; offsets: number[][][] }>(ended);
      expect(ids[2]).toEqual([2, 5, 11, 6, 3]);
      expect(offsets[2]).toEqual([
        [0, 0],
        [2, 6],
        [6, 7],
        [9, 13],
        [0, 0],
      ]);
      expect(ids[3]).toHaveLength(42);
    });

    it('tells how far a download is, keeps what it has when cancelled, and goes on', async () => {
      const large = Buffer.alloc(2_000_000, 'README');
      hub.files = new Map(hub.files).set('tokenizer_config.json', large);
      hub.commit = 'c'.repeat(40);
      hub.misbehave = { pauseMs: 100 };
      const input = { name: 'slow', source: { hub: { repository } }, idempotencyKey: 'slow' };
      const importing = client.execute(ImportModelDocument, { input });
      importing.catch(() => {});
      const job = () => jobOfKey(tandem.url, 'slow');
      await expect.poll(async () => (await job())?.done ?? 0, { timeout: 20_000 }).toBeGreaterThan(100_000);
      expect(await job()).toMatchObject({ state: 'RUNNING', stage: 'download tokenizer_config.json' });
      await cancel(tandem.url, (await job())?.id ?? '');
      await expect(importing).rejects.toThrow();
      expect(await job()).toMatchObject({ state: 'CANCELLED' });
      const [partial] = await readdir(at('data', 'hub', 'partial'));
      expect((await readFile(at('data', 'hub', 'partial', partial))).length).toBeGreaterThan(100_000);
      hub.misbehave = {};
      hub.files = new Map([...hub.files].filter(([path]) => path !== 'tokenizer_config.json'));
      hub.commit = '1'.repeat(40);
    });

    it('refuses a folder outside the import folder', async () => {
      const input = { name: 'x', source: { folder: at('model') } };
      const refusal = { code: 'BAD_USER_INPUT', message: expect.stringContaining('leads out of the import folder') };
      await expect(client.execute(ImportModelDocument, { input })).rejects.toMatchObject(refusal);
      const tokenize = { texts: ['oil'], model: { folder: at('model') } };
      await expect(client.execute(TokenizeDocument, tokenize)).rejects.toMatchObject(refusal);
    });

    it('names what the hub refuses, and keeps the token out of everything', async () => {
      hub.misbehave = { status: 403, errorCode: 'GatedRepo' };
      const error: Error = await importFromHub(client, 'gated', 'v1').catch((reason) => reason);
      hub.misbehave = {};
      expect(error).toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('gated') });
      expect(JSON.stringify(error)).not.toContain('secret');
    });

    it('imports it again without a network', async () => {
      const online = await start('offline', false);
      const connected = createClient({ url: online.url });
      const { id } = await importFromHub(connected, 'online');
      await connected.execute(DeleteModelDocument, { id });
      await online.close();
      hub.asked.length = 0;
      const offline = await start('offline', true);
      try {
        const alone = createClient({ url: offline.url });
        expect((await importFromHub(alone, 'offline')).name).toBe('offline');
        expect(hub.asked).toEqual([]);
        await expect(importFromHub(alone, 'absent', 'v1')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      } finally {
        await offline.close();
      }
    });
  });
});
