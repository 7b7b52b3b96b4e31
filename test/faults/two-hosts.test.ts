/**
 * Two hosts with equal hostname, equal path of the data folder and equal pid on one Postgres, as two containers are:
 * 200 jobs of mixed kinds over both, while one of them is killed and started again. Neither ends work of the other,
 * nothing is done twice, and all is done. Needs the Postgres of DATABASE_URL_TEST, and namespaces (Linux).
 */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, postgresUrl } from '../db/database.ts';
import { type Ledger, openLedger, overlaps } from './ledger.ts';
import { ask, expectEachOnce, hereOnly, together } from './mixed-work.ts';
import { type Place, preparePlace } from './place.ts';
import type { Server } from './server.ts';
import { until } from './strike.ts';
import { startTwin } from './twin.ts';

const count = 200;
const atOnce = 8;
const kills = 6;
const prepareMs = 180_000;

let root = '';
let own: Awaited<ReturnType<typeof createDatabase>>;
let ledger: Ledger;

interface Host {
  readonly folder: string;
  server: Server;
  place: Place;
}

const start = (folder: string): Promise<Server> =>
  startTwin({ folder, mountedAt: join(root, 'data'), databaseUrl: own.url });

/** Alone, so that what it prepares lies in its own folder. */
async function prepare(name: string, seed: number): Promise<Host> {
  const folder = join(root, name);
  await mkdir(folder);
  const server = await start(folder);
  const place = await preparePlace(server.client, folder, seed);
  await server.end('SIGKILL');
  return { folder, server, place };
}

/** Id of the process that runs on the data folder. */
const processOf = async ({ folder }: Host): Promise<string> =>
  (JSON.parse(await readFile(join(folder, 'tandem.lock'), 'utf8')) as { id: string }).id;

const owner = async ({ folder }: Host) => {
  const { host, pid } = JSON.parse(await readFile(join(folder, 'tandem.lock'), 'utf8')) as {
    host: string;
    pid: number;
  };
  return { host, pid };
};

/** Kills it while it works on something; resolves with which process was killed, and when. */
async function killAtWork(host: Host): Promise<[process: string, at: number]> {
  const process = await processOf(host);
  // A third death would end a job for good, as it should.
  await until('work of the host that is killed', async () => {
    const open = (await ledger.attempts()).filter((attempt) => attempt.process === process && attempt.ended === null);
    return (open.length > 0 && open.every(({ number }) => number < 3)) || undefined;
  });
  const at = Date.now();
  await host.server.end('SIGKILL');
  return [process, at];
}

describe('two-hosts', () => {
  let steady: Host;
  let struck: Host;

  beforeAll(async () => {
    expect(postgresUrl, 'DATABASE_URL_TEST must name a Postgres with pgvector').toBeTruthy();
    root = await mkdtemp(join(tmpdir(), 'tandem-faults-'));
    await mkdir(join(root, 'data'));
    own = await createDatabase();
    ledger = await openLedger(own.url);
    steady = await prepare('steady', 1);
    struck = await prepare('struck', 2);
    for (const host of [steady, struck]) host.server = await start(host.folder);
  }, prepareMs);

  afterAll(async () => {
    for (const host of [steady, struck]) await host?.server.end('SIGKILL');
    await ledger?.close();
    await own?.drop();
    if (root) await rm(root, { recursive: true, force: true });
  });

  it('does each of 200 jobs once, however often one host dies', async () => {
    expect(await owner(steady)).toEqual({ host: 'tandem', pid: 1 });
    expect(await owner(struck)).toEqual(await owner(steady));
    const survivor = await processOf(steady);
    const before = await ledger.counts();
    const killed = new Map<string, number>();
    let answered = 0;

    async function strike(): Promise<void> {
      for (let kill = 1; kill <= kills; kill++) {
        await until(`the time of kill ${kill}`, async () => answered >= (kill * count) / (kills + 2) || undefined);
        killed.set(...(await killAtWork(struck)));
        await sleep(1_000);
        struck.server = await start(struck.folder);
      }
    }

    async function work(n: number): Promise<void> {
      const subject = Math.floor(n / 8) % 2 === 0 ? steady : struck;
      // Some ask the host that lacks the files: its work is the other's.
      const asked = n % 5 === 0 && !hereOnly(n) ? (subject === steady ? struck : steady) : subject;
      await ask(() => asked.server.client, subject.place, n);
      answered += 1;
    }

    await Promise.all([together(count, atOnce, work), strike()]);

    await expectEachOnce(ledger, before, count);

    const attempts = await ledger.attempts();
    const cut = attempts.filter(({ outcome }) => outcome !== 'SUCCEEDED');
    const wrong = cut.filter(({ process, begun }) => !(begun <= (killed.get(process) ?? 0)));
    const double = overlaps(attempts, killed);
    console.log(
      `${count} jobs, ${attempts.filter(({ process }) => process === survivor).length} attempts of the steady host; ` +
        `${killed.size} kills cut ${cut.length} attempts; ${wrong.length} wrong interruptions, ${double.length} overlaps`,
    );
    expect(wrong).toEqual([]);
    expect(double).toEqual([]);
    expect(cut.length).toBeGreaterThanOrEqual(kills / 2);
    expect(attempts.some(({ process }) => process === survivor)).toBe(true);
  });
});
