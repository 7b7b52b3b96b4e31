/** The server of the bench: a process of its own on an empty data folder, with a probe in it, and work for it. */
import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateModelDocument,
  createClient,
  ImportDatasetDocument,
  StartRunDocument,
} from '../../../dist/src/client/index.js';
import { asker } from './ask.mjs';

const here = import.meta.dirname;
const main = join(here, '../../../dist/src/cli/main.js');

/** With arguments for Node, for example --cpu-prof. */
export async function startServer(execArgv = []) {
  const data = await mkdtemp(join(tmpdir(), 'tandem-bench-live-'));
  const child = fork(main, ['serve'], {
    execArgv: [...execArgv, '--import', join(here, 'probe.mjs')],
    env: { ...process.env, TANDEM_DATA: data, TANDEM_PORT: '0', TANDEM_ADAPTER: 'cpu', TANDEM_LOG: 'warn' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const url = await addressOf(child, join(data, 'server.json'));
  return {
    url,
    client: createClient({ url }),
    /** The probe: `loop`, of the time since the last question, and `memory`. */
    probe: asker(child),
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(data, { recursive: true, force: true });
    },
  };
}

async function addressOf(child, file) {
  for (; !existsSync(file); await sleep(100))
    if (child.exitCode !== null) throw new Error(`the server ended: ${child.exitCode}`);
  return JSON.parse(readFileSync(file, 'utf8')).url;
}

const parts = ['pump', 'valve', 'fan', 'belt', 'gear', 'motor', 'seal', 'shaft'];
/** So many that no run comes to the end of an epoch, where it would write a checkpoint. */
const records = Array.from({ length: 10_000 }, (_, i) => ({
  task: 'STS',
  query: { text: `the ${parts[i % 8]} ${i} leaks oil` },
  positives: [{ text: { text: `this ${parts[(i >> 3) % 8]} runs hot` }, score: i % 6 }],
}));

/** A model that is small enough for a run to tell many events in a second. */
export async function prepare(client) {
  const data = { name: 'pairs', source: { records }, scaleLow: 0, scaleHigh: 5 };
  const dataset = (await client.execute(ImportDatasetDocument, { input: data })).importDataset.dataset.id;
  const architecture = { layers: 2, width: 64, heads: 2, innerWidth: 128, maxPositions: 32 };
  const input = { name: 'small', vocabularyFrom: [dataset], vocabularySize: 128, maxLength: 24, architecture };
  const { model } = (await client.execute(CreateModelDocument, { input })).createModel;
  let runs = 0;
  return {
    checkpoint: model.checkpoint.id,
    /** Starts a run of so many updates with so many pairs each: the more pairs, the slower. */
    async startRun({ updates, pairs }) {
      const settings = { epochs: 1, maxBatches: updates, stsBatchSize: pairs, maxLength: 16 };
      const run = { name: `run ${++runs}`, model: model.id, datasets: [{ dataset }], settings };
      return (await client.execute(StartRunDocument, { input: run })).startRun.run.id;
    },
  };
}
