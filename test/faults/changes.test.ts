/**
 * Changes on one Postgres that several hosts number: 20 writers that commit out of order, hosts that are killed while
 * they number, and followers who come in the middle. Needs the Postgres of DATABASE_URL_TEST.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { asc, sql } from 'drizzle-orm';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Database, openDatabase } from '../../src/db/open.ts';
import { changes as changeRows } from '../../src/db/schema.ts';
import { type ChangeItem, type Changes, openChanges } from '../../src/services/changes/changes.ts';
import { createDatabase, postgresUrl, temporaryFolder } from '../db/database.ts';
import { drawsOf } from './draws.ts';

const writers = 20;
const perWriter = 50;
const kills = 5;

const built = (path: string): string => new URL(`../../dist/src/${path}.js`, import.meta.url).href;

/** A process that does nothing but number what is committed, as fast as it can. */
const numbering = `
  import { openDatabase } from '${built('db/open')}';
  import { sql } from '${new URL('../../node_modules/drizzle-orm/index.js', import.meta.url).href}';
  const { db } = await openDatabase({ dataDir: process.argv[1], databaseUrl: process.argv[2] });
  process.stdout.write('numbering');
  for (;;) await db.execute(sql\`select sequence_changes()\`);
`;

describe('changes', () => {
  let own: Awaited<ReturnType<typeof createDatabase>>;
  let folders: Awaited<ReturnType<typeof temporaryFolder>>[] = [];
  const hosts: { readonly database: Database; readonly changes: Changes }[] = [];

  async function folder(): Promise<string> {
    const made = await temporaryFolder();
    folders = [...folders, made];
    return made.path;
  }

  beforeAll(async () => {
    expect(postgresUrl, 'DATABASE_URL_TEST must name a Postgres with pgvector').toBeTruthy();
    own = await createDatabase();
    for (let n = 0; n < 2; n++) {
      const database = await openDatabase({ dataDir: await folder(), databaseUrl: own.url });
      hosts.push({ database, changes: openChanges({ database, log: pino({ level: 'silent' }) }) });
    }
  });
  afterAll(async () => {
    for (const { database, changes } of hosts) {
      await changes.stop();
      await database.close();
    }
    await own?.drop();
    for (const { remove } of folders) await remove();
  });

  async function startNumbering(): Promise<ChildProcess> {
    const program = ['--input-type=module', '-e', numbering, await folder(), own.url];
    const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
    await Promise.race([
      once(child.stdout!, 'data'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`it ended before it numbered anything: ${code}`))),
    ]);
    return child;
  }

  /** Inserts suites; names are of transactions that commit, by the order of their commits in each writer. */
  async function write(writer: number, committed: string[]): Promise<void> {
    const draw = drawsOf(writer);
    const client = new pg.Client({ connectionString: own.url });
    await client.connect();
    for (let n = 0; n < perWriter; n++) {
      const name = `${writer} ${n}`;
      await client.query('begin');
      await client.query('insert into suites (name) values ($1)', [name]);
      // What was written first is often committed last.
      await sleep(20 * draw());
      const isKept = draw() < 0.8;
      await client.query(isKept ? 'commit' : 'rollback');
      if (isKept) committed.push(name);
    }
    await client.end();
  }

  async function follow(host: number, after: number, signal: AbortSignal): Promise<ChangeItem[]> {
    const items: ChangeItem[] = [];
    const stream = await hosts[host].changes.follow({ after, types: ['Suite'], signal, heartbeatMs: 500 });
    void (async () => {
      for await (const item of stream) items.push(item);
    })();
    return items;
  }

  it('are told to everybody without gap and repetition, while hosts that number them are killed', async () => {
    const gone = new AbortController();
    const committed: string[] = [];
    const followers: { after: number; items: ChangeItem[] }[] = [];
    const attach = async (host: number): Promise<void> => {
      const after = followers.length === 0 ? 0 : await hosts[host].changes.lastSeq();
      followers.push({ after, items: await follow(host, after, gone.signal) });
    };
    await attach(0);
    let isDone = false;
    const striking = (async () => {
      let killed = 0;
      for (; killed < kills || !isDone; killed++) {
        const child = await startNumbering();
        await sleep(200);
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
        await attach(killed % 2);
      }
      return killed;
    })();
    const writing = Promise.all(Array.from({ length: writers }, (_, n) => write(n, committed)));
    await writing.finally(() => {
      isDone = true;
    });
    const killed = await striking;

    const last = await hosts[0].changes.lastSeq();
    const { db } = hosts[0].database;
    const rows = await db.select().from(changeRows).orderBy(asc(changeRows.seq));
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, i) => i + 1));
    expect(rows).toHaveLength(last);
    expect((await db.execute(sql`select from change_outbox`)).rowCount).toBe(0);
    const { rows: suites } = await db.execute<{ id: string; name: string }>(sql`select id, name from suites`);
    expect(suites.map(({ name }) => name).sort()).toEqual([...committed].sort());
    expect(rows.map(({ key }) => key).sort()).toEqual(suites.map(({ id }) => id).sort());
    // Of each writer the order of its own commits is that of the numbers.
    const nameOf = new Map(suites.map(({ id, name }) => [id, name]));
    const told = rows.map(({ key }) => nameOf.get(key) ?? '');
    for (let writer = 0; writer < writers; writer++) {
      const ofWriter = (names: readonly string[]) => names.filter((name) => name.startsWith(`${writer} `));
      expect(ofWriter(told)).toEqual(ofWriter(committed));
    }
    for (const { after, items } of followers) {
      await expect.poll(() => items.at(-1)?.seq ?? after, { timeout: 30_000 }).toBe(last);
      const seqs = items.filter(({ kind }) => kind !== 'position').map(({ seq }) => seq);
      expect(seqs).toEqual(rows.slice(after).map(({ seq }) => seq));
    }
    gone.abort();
    expect(killed).toBeGreaterThanOrEqual(kills);
    console.log(`${last} changes to ${followers.length} followers on two hosts, ${killed} more hosts killed`);
  });
});
