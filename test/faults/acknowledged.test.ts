/**
 * Several clients write through the public API while the server is killed by SIGKILL at random moments, its start
 * among them, and on Postgres while connections are ended at random too. After each start everything that was
 * acknowledged is there as it was acknowledged; in the end there is nothing more, in rows and in files, and once all is
 * deleted no file is left.
 *
 * TANDEM_TEST_KILLS says how many kills each database gets; 100 where it is unset. TANDEM_TEST_SEED says another seed.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { listFiles } from '../../src/storage/files.ts';
import { describeFiles, digestOf, manifestName } from '../../src/storage/manifest.ts';
import { openStorage } from '../../src/storage/storage.ts';
import { postgresUrl } from '../db/database.ts';
import { Gate } from './asking.ts';
import { Book } from './book.ts';
import { between, type Draws, drawsOf } from './draws.ts';
import { filesIn } from './files.ts';
import { openLedger } from './ledger.ts';
import { everything, mutateById, type Row, rowsOf } from './rows.ts';
import { prepareSmallPlace } from './small-place.ts';
import { type DatabaseKind, type EmptyStage, openEmptyStage } from './stage.ts';
import { type Desk, Writer } from './writer.ts';

const kills = Number(process.env['TANDEM_TEST_KILLS'] ?? 100);
const seed = Number(process.env['TANDEM_TEST_SEED'] ?? 1);
const databases: readonly DatabaseKind[] = postgresUrl ? ['pglite', 'postgres'] : ['pglite'];
const writers = 6;
/** Most writes that are acknowledged before the next kill, and the longest time it then still takes to come. */
const mostWrites = 12;
const mostMs = 600;
/** A start that is killed is killed before that. */
const startMs = 3_000;
/** Share of kills that are followed by another one while the server starts. */
const inStart = 0.2;
/** Mean pause between two ended connections. */
const endEveryMs = 150;

let stage: EmptyStage | undefined;
afterEach(() => stage?.close());

/** Ends connections at random until it is over, while the gate is open; resolves with how many. */
async function endBackends(databaseUrl: string, draw: Draws, isOver: () => boolean, gate: Gate): Promise<number> {
  const ledger = await openLedger(databaseUrl);
  let ended = 0;
  while (!isOver()) {
    await gate.pass();
    ended += await ledger.endBackend(draw());
    await sleep(2 * endEveryMs * draw());
  }
  await ledger.close();
  return ended;
}

/** Resolves once so many more writes are acknowledged, after 15 seconds at the latest: jobs that died wait for ten. */
async function untilAcknowledged(book: Book, more: number): Promise<void> {
  const [wanted, end] = [book.acknowledged + more, Date.now() + 15_000];
  while (book.acknowledged < wanted && Date.now() < end) await sleep(5);
}

/** Kills and starts the server; resolves with the number of kills. */
async function killOnce({ kill, start, startAndKill }: EmptyStage, draw: Draws, left: number): Promise<number> {
  await kill();
  const twice = left > 1 && draw() < inStart;
  if (twice) await startAndKill(between(draw, 50, startMs));
  await start();
  return twice ? 2 : 1;
}

/** What lies in storage that the API does not name, what is not there, and what has other bytes than its name says. */
async function faultsOfFiles(dataDir: string, { book, exports }: Desk, client: EmptyStage['client']) {
  const storage = openStorage(dataDir);
  const found = await everything(client());
  const faults = book.differences(found, { exactly: true });
  const named = {
    datasets: new Set(found.datasets.map(({ digest }) => String(digest))),
    models: new Set([...found.models, ...found.checkpoints].map(({ digest }) => String(digest))),
  };
  for (const kind of ['datasets', 'models'] as const) {
    const there = await storage.list(kind);
    faults.push(...there.filter((name) => !named[kind].has(name)).map((name) => `nobody names ${kind}/${name}`));
    for (const name of named[kind]) if (!there.includes(name)) faults.push(`${kind}/${name} is missing`);
  }
  for (const name of await storage.list('models')) {
    const folder = storage.path('models', name);
    const files = (await listFiles(folder)).filter((file) => file !== manifestName);
    const digest = digestOf(await describeFiles(folder, files));
    if (digest !== name) faults.push(`models/${name} has the digest ${digest}`);
  }
  for (const [folder, { bytes, files }] of exports) {
    const sizes = await Promise.all(
      files.map(async (file) => (await stat(join(dataDir, 'export', folder, file))).size),
    );
    const sum = sizes.reduce((a, b) => a + b, 0);
    if (sum !== bytes) faults.push(`the export ${folder} has ${sum} bytes of ${bytes}`);
  }
  faults.push(...(await storage.list('payloads')).map((name) => `nobody needs payloads/${name}`));
  return faults;
}

/** Jobs that have not ended, and how many there are more or less than were asked for. */
async function faultsOfJobs({ jobKeys }: Desk, before: number, client: EmptyStage['client']): Promise<string[]> {
  const jobs = await rowsOf(client(), 'jobs', 'id kind state');
  const open = jobs.filter(({ state }) => state === 'QUEUED' || state === 'RUNNING');
  const more = countOf(jobs) - before - jobKeys.size;
  return [
    ...open.map(({ id, state }) => `${id} is ${state}`),
    ...(more === 0 ? [] : [`${more} jobs that nobody asked for`]),
  ];
}

/** Training apart, whose jobs go with their runs. */
const countOf = (jobs: readonly Row[]): number => jobs.filter(({ kind }) => kind !== 'TRAIN').length;

const deletions = [
  ...[['evaluations', 'deleteEvaluation'] as const, ['collections', 'deleteCollection'] as const],
  ...[['runs', 'deleteRun'] as const, ['datasets', 'deleteDataset'] as const],
];

/** Deletes all there is, users before what they use. */
async function deleteAll(client: EmptyStage['client']): Promise<void> {
  const del = (mutation: string, id: string) => mutateById(client(), mutation, id, 'deletedId');
  const fused = (await everything(client())).checkpoints.filter(({ reason }) => reason === 'FUSED');
  for (const { id } of fused) await del('deleteCheckpoint', id);
  for (const [noun, mutation] of deletions)
    for (const { id } of (await everything(client()))[noun]) await del(mutation, id);
  for (const { id } of (await everything(client())).models) await del('deleteModel', id);
}

describe.each(databases)('acknowledged on %s', (database) => {
  it(`${kills} kills lose nothing that was acknowledged`, async () => {
    stage = await openEmptyStage(database, database === 'postgres' ? 'silent' : 'error');
    const { dataDir, databaseUrl, client } = stage;
    const [book, gate] = [new Book(), new Gate()];
    const place = await prepareSmallPlace(client());
    const desk: Desk = { book, gate, client, place, jobKeys: new Set(), exports: new Map() };
    book.begin(await everything(client()));
    const jobs = countOf(await rowsOf(client(), 'jobs', 'id kind'));
    const draw = drawsOf(7919 * seed);
    let over = false;
    const isOver = () => over;
    const work = Promise.all(
      Array.from({ length: writers }, (_, i) =>
        new Writer(desk, writers * seed + i).work(isOver, { jobs: i % 2 === 0 }),
      ),
    );
    const ended = databaseUrl ? endBackends(databaseUrl, drawsOf(104_729 * seed), isOver, gate) : Promise.resolve(0);
    let failure: unknown;
    work.catch((error: unknown) => {
      failure ??= error;
    });

    for (let done = 0; done < kills && failure === undefined; ) {
      await untilAcknowledged(book, between(draw, 0, mostWrites));
      await sleep(draw() * mostMs);
      gate.close();
      done += await killOnce(stage, draw, kills - done);
      expect(book.differences(await everything(client())), `after kill ${done}`).toEqual([]);
      gate.open();
    }
    over = true;
    await work;
    const ends = await ended;

    await stage.kill();
    await stage.start();
    console.log(`${database}: ${book.acknowledged} writes were acknowledged, ${ends} connections ended`);
    expect(await faultsOfFiles(dataDir, desk, client)).toEqual([]);
    expect(await faultsOfJobs(desk, jobs, client)).toEqual([]);
    expect(book.acknowledged).toBeGreaterThan(kills);

    await deleteAll(client);
    await stage.kill();
    await stage.start();
    expect((await filesIn(dataDir)).filter((name) => !name.startsWith('export/'))).toEqual([]);
  });
});
