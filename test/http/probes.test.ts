/**
 * GET /health and GET /ready: what a supervisor and a load balancer are told, with real threads and a database that
 * fails.
 */

import { eq } from 'drizzle-orm';
import { buildSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { jobs } from '../../src/db/schema.ts';
import type { Context } from '../../src/graphql/context.ts';
import type { Served } from '../../src/graphql/server.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { probesOf } from '../../src/services/system/health.ts';
import type { Tandem } from '../../src/services/tandem.ts';
import { openWorkplace, readEvents, type Workplace } from '../jobs/workplace.ts';
import { serve } from './serve.ts';

interface Probed {
  readonly place: Workplace;
  readonly server: HttpServer;
}

let shared: Probed;
/** In place of the database's `execute`; undefined = the database itself. */
let execute: (() => Promise<unknown>) | undefined;

async function open(): Promise<Probed> {
  const place = await openWorkplace();
  const { database, jobs, storage } = place;
  const db = { execute: (query: string) => (execute ? execute() : database.db.execute(query)) };
  const config = loadConfig({ TANDEM_DATA: place.dataDir });
  const tandem = { config, storage, jobs, startedAt: new Date(), database: { ...database, db } } as unknown as Tandem;
  const graphql = createYoga<Served, Context>({ schema: buildSchema('type Query { x: Int }') });
  const server = await serve({ graphql, probes: probesOf(tandem) });
  return { place, server };
}

async function close({ server, place }: Probed): Promise<void> {
  await server.close();
  await place.close();
}

beforeAll(async () => {
  shared = await open();
});
afterAll(() => close(shared));

async function probe(path: '/health' | '/ready', { server }: Probed = shared) {
  const response = await fetch(`${server.url}${path}`);
  return { status: response.status, body: (await response.json()) as unknown };
}

const well = { status: 200, body: { status: 'ok' } };
const failing = (...parts: object[]) => ({
  status: 503,
  body: {
    status: 'failing',
    failing: parts.map((part) => expect.objectContaining({ remedy: expect.any(String), ...part })),
  },
});

it('say that all is well', async () => {
  expect(await probe('/health')).toEqual(well);
  expect(await probe('/ready')).toEqual(well);
});

it('tell a database that fails from a process that does', async () => {
  execute = () => Promise.reject(new Error('Connection terminated unexpectedly'));
  expect(await probe('/ready')).toEqual(
    failing({ part: 'database', message: expect.stringContaining('cannot be reached') }),
  );
  expect(await probe('/health')).toEqual(well);
  execute = undefined;
  expect(await probe('/ready')).toEqual(well);
});

it('do not wait for a database that is silent, nor ask it again meanwhile', async () => {
  let asked = 0;
  let answer = (): void => {};
  execute = () => {
    asked++;
    return new Promise<void>((resolve) => {
      answer = resolve;
    });
  };
  const silent = failing({ part: 'database', message: expect.stringContaining('not answered') });
  expect(await Promise.all([probe('/ready'), probe('/ready')])).toEqual([silent, silent]);
  expect(asked).toBe(1);
  execute = undefined;
  answer();
  expect(await probe('/ready')).toEqual(well);
});

it('name the thread that has ended, and a server that stops', async () => {
  const own = await open();
  const { place, server } = own;
  await place.behave({ exitAt: 1 });
  const run = await place.startRun({ epochs: 1 });
  await readEvents(place, run.id, { until: (data) => data.type === 'state' && data.state === 'INTERRUPTED' });
  const dead = failing({ part: 'device thread', message: expect.stringContaining('exit code 7') });
  expect(await probe('/health', own)).toEqual(dead);
  expect(await probe('/ready', own)).toEqual(dead);
  server.drain();
  expect(await probe('/ready', own)).toEqual(failing({ part: 'server' }));
  expect(await probe('/health', own)).toEqual(dead);
  await close(own);
});

it('tell a database that only reads', async () => {
  execute = async () => ({ rows: [{ transaction_read_only: 'on' }] });
  expect(await probe('/ready')).toEqual(
    failing({ part: 'database', message: expect.stringContaining('takes no writes') }),
  );
  expect(await probe('/health')).toEqual(well);
  execute = undefined;
  expect(await probe('/ready')).toEqual(well);
});

it('tell which end of a job is not written yet, and why, until it is', async () => {
  const { place } = shared;
  const { db } = place.database;
  await db.execute(
    `create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'refused' using errcode = '53100'; end $$`,
  );
  await db.execute(
    'create trigger refuse before insert or update on job_attempts for each row when (new.ended_at is not null) execute function refuse()',
  );
  await place.behave({ failAt: 2 });
  const run = await place.startRun({ epochs: 1 });
  const full = failing({
    part: 'jobs',
    message: expect.stringMatching(`${run.id} is not written yet: .*no disk space`),
  });
  await vi.waitFor(async () => expect(await probe('/ready')).toEqual(full), 10_000);
  expect(await probe('/health')).toEqual(well);
  await db.execute('drop function refuse cascade');
  await vi.waitFor(async () => expect(await probe('/ready')).toEqual(well), 10_000);
  const [job] = await db.select().from(jobs).where(eq(jobs.id, run.id));
  expect(job).toMatchObject({ state: 'FAILED', error: { message: 'The loss is not finite' } });
  await place.behave({});
});

it('say nothing of the statement that failed', async () => {
  const query = Object.assign(new Error('Failed query: select 1\nparams: '), {
    cause: Object.assign(new Error('no'), { code: '42P01' }),
  });
  execute = () => Promise.reject(query);
  expect(await probe('/ready')).toEqual(failing({ part: 'database', message: 'The database fails (42P01)' }));
  execute = undefined;
});
