/** `tandem jobs`, `watch` and `cancel` as processes of their own, against one real service. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addJobCommands } from '../../src/cli/commands/jobs.ts';
import { importRecords, settings, startLive, startRun, stsRecords } from '../graphql/live/fixture.ts';
import { ask, get, type Live, type Served, serve, stopLive } from '../graphql/live/harness.ts';

const entry = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

let live: Live;
beforeAll(async () => {
  live = await startLive();
});
afterAll(() => stopLive(live));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Begun {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

function begin(args: readonly string[], { url }: Served = live): Begun {
  const env = { ...process.env, TANDEM_URL: url };
  const child = spawn(process.execPath, [entry, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const ended = Promise.all([exit, text(child.stdout), text(child.stderr)]).then(([code, stdout, stderr]) => ({
    ...{ code, stdout, stderr },
  }));
  return { child, ended };
}
const tandem = (...args: readonly string[]): Promise<Ended> => begin(args).ended;

/** Begins to watch a running job; resolves once the command has seen it. */
async function watchRunning(id: string, service: Served = live): Promise<Begun> {
  const begun = begin(['watch', id], service);
  const [first] = await once(begun.child.stderr as Readable, 'data');
  expect(String(first)).toBe('IMPORT_MODEL: RUNNING\n');
  return begun;
}

interface Found {
  readonly id: string;
  readonly state: string;
  readonly subject: { readonly id: string } | null;
}
const jobsOf = async (filter: string, service: Served = live): Promise<Found[]> => {
  const query = `{ jobs(first: 20, filter: ${filter}) { nodes { id state subject { id } } } }`;
  return (await get<{ jobs: { nodes: Found[] } }>(service, query)).jobs.nodes;
};
const stateOf = async (id: string): Promise<string> => {
  const query = 'query($id: ID!) { job(id: $id) { state } }';
  return (await get<{ job: { state: string } }>(live, query, { id })).job.state;
};
const isTrue = async (condition: () => Promise<boolean>): Promise<void> => {
  for (let looks = 0; looks < 1_000; looks++) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error('what the test waits for did not happen');
};

/** An import from a hub that never answers; the id of its job once it runs, and the end of the request. */
async function stuckImport(key: string, service: Served = live): Promise<{ id: string; answer: Promise<unknown> }> {
  const mutation = 'mutation($input: ImportModelInput!) { importModel(input: $input) { model { id } } }';
  const source = { hub: { repository: 'nobody/nothing', revision: 'main' } };
  const answer = ask(service, mutation, { input: { name: key, source, idempotencyKey: key } }).catch(() => undefined);
  const find = () => jobsOf(`{ idempotencyKey: "${key}", state: RUNNING }`, service);
  await isTrue(async () => (await find()).length === 1);
  const [job] = await find();
  return { id: job?.id ?? '', answer };
}

describe('tandem jobs', () => {
  it('prints a table of the newest, or JSON', async () => {
    await importRecords(live, 'listed', stsRecords, 5);
    const [newest] = await jobsOf('{ kind: IMPORT_DATASET }');
    const { code, stdout } = await tandem('jobs', '--kind', 'IMPORT_DATASET', '--state', 'succeeded', '--limit', '1');
    const [header, rule, row, ...more] = stdout.trimEnd().split('\n');
    expect([code, header?.split(/ +/), more]).toEqual([
      ...[0, ['id', 'kind', 'state', 'progress', 'host', 'age', 'waits']],
      [],
    ]);
    expect(rule).toMatch(/^[- ]+$/);
    expect(row).toContain(`${newest?.id}  IMPORT_DATASET  SUCCEEDED`);
    expect(row).toContain(live.config.dataDir);

    const json = await tandem('jobs', '--kind', 'train', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ nodes: [{ kind: 'TRAIN', stage: 'train', done: 6, total: 6 }] });
    expect(json.stderr).toContain('train 6/6');
  });

  it.each([
    ['--state', 'done'],
    ['--kind', 'import'],
    ['--limit', '-1'],
  ])('refuses %s %s', (...args) => {
    const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
    addJobCommands(program);
    for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
    expect(() => program.parse(['jobs', ...args], { from: 'user' })).toThrow(`'${args[0]}`);
  });
});

describe('tandem watch and cancel', () => {
  it('tell how a job ended', async () => {
    const data = await importRecords(live, 'watched', stsRecords, 5);
    const [succeeded] = await jobsOf('{ kind: IMPORT_DATASET, state: SUCCEEDED }');
    const id = succeeded?.id ?? '';
    expect(await tandem('watch', id)).toMatchObject({
      code: 0,
      stdout: `IMPORT_DATASET: SUCCEEDED, result ${data}\n${id}\n`,
    });
    const json = await tandem('watch', id, '--after', '0', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ id, state: 'SUCCEEDED', resultId: data });

    const bad = { name: 'bad', source: { records: [{ ...stsRecords[0], positives: [] }] }, scaleHigh: 5 };
    await ask(live, 'mutation($input: ImportDatasetInput!) { importDataset(input: $input) { reused } }', {
      input: bad,
    });
    const [failed] = await jobsOf('{ kind: IMPORT_DATASET, state: FAILED }');
    const { code, stdout } = await tandem('watch', failed?.id ?? '');
    expect([code, stdout]).toEqual([
      4,
      expect.stringMatching(/^IMPORT_DATASET: FAILED\nerror: .+\nremedy: .+\n\S+\n$/),
    ]);
    expect((await tandem('cancel', id)).code).toBe(2);
  });

  it('leave a job alone on Ctrl+C, and stop it on cancel for who still watches', async () => {
    const { id, answer } = await stuckImport('interrupted watch');
    const left = await watchRunning(id);
    left.child.kill('SIGINT');
    expect((await left.ended).stdout).toBe('');
    expect(await stateOf(id)).toBe('RUNNING');
    const watching = await watchRunning(id);
    expect(await tandem('cancel', id)).toMatchObject({ code: 0, stdout: `IMPORT_MODEL: CANCELLED\n${id}\n` });
    expect(await watching.ended).toMatchObject({
      code: 4,
      stdout: expect.stringContaining('IMPORT_MODEL: CANCELLED\nerror:'),
    });
    await answer;
  });

  it('say that the server stopped, and what then', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'tandem-jobs-'));
    const service = await serve({ ...live.config, dataDir });
    const { id, answer } = await stuckImport('stopped', service);
    const watching = await watchRunning(id, service);
    await service.tandem.close();
    const { code, stderr } = await watching.ended;
    expect([code, stderr]).toEqual([4, expect.stringMatching(/the server stopped while job .* tandem watch /)]);
    await answer;
    await rm(dataDir, { recursive: true });
  });

  it('take a run by its id or by that of its job', async () => {
    const { run } = live.made;
    const job = (await jobsOf('{ kind: TRAIN, state: SUCCEEDED }')).find(({ subject }) => subject?.id === run);
    const byRun = await tandem('watch', run);
    expect(byRun).toMatchObject({ code: 0, stdout: `fixture: SUCCEEDED at step 6, 2 checkpoints\n${run}\n` });
    expect((await tandem('watch', job?.id ?? '')).stdout).toBe(byRun.stdout);

    const datasets = [{ dataset: live.made.sts }];
    const long = { name: 'long', model: live.made.model, datasets, settings: { ...settings, epochs: 500 } };
    const id = await startRun(live, long);
    const own = (await jobsOf('{ kind: TRAIN }')).find(({ subject }) => subject?.id === id);
    expect(await tandem('cancel', own?.id ?? '')).toMatchObject({ code: 0, stdout: `long: CANCELLED\n${id}\n` });
    expect((await tandem('watch', id)).code).toBe(4);
  });

  it('are printed by a command that does not wait, and followed by watch', async () => {
    const begun = await tandem('evaluate', '--dataset', 'sts', '--dataset', 'ir', '--no-wait');
    expect(begun).toMatchObject({ code: 0, stderr: '' });
    const ids = [...begun.stdout.matchAll(/^EVALUATE: (?:QUEUED|RUNNING)\n(\S+)$/gm)].map(([, id]) => id!);
    expect(ids).toHaveLength(2);
    const watched = await tandem('watch', ids[1]!);
    expect(watched).toMatchObject({ code: 0, stdout: expect.stringMatching(/^EVALUATE: SUCCEEDED, result \S+\n/) });
  });

  it.each(['watch', 'cancel'])('%s refuses what is the id of neither, and what is not there', async (command) => {
    expect(await tandem(command, live.made.model)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('neither the id or name of a run nor the id of a job'),
    });
    const gone = Buffer.from('Job:00000000-0000-4000-8000-000000000000').toString('base64url');
    expect((await tandem(command, gone)).code).toBe(2);
  });
});
