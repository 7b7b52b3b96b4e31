/**
 * Thousands of seeded requests that are wrong in every way, and some that are right, against a server on an idle
 * device: operations made from the schema with hostile values, broken texts, broken HTTP, clients that go away, keys,
 * origins and hosts that do not hold, by HTTP and over WebSockets. No failure of the server, no text that was meant for
 * its log, no stall of its event loop, no end.
 *
 * TANDEM_TEST_FUZZ says how many requests; 10,000 where it is unset. TANDEM_TEST_SEED says another seed, and
 * TANDEM_TEST_FUZZ_FROM the number of the first request, so that one that failed can be sent again.
 */
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CreateApiKeyDocument } from '../../src/client/index.ts';
import { adminKey, page } from './fuzz/access.ts';
import { attack, type Outcome, type Target } from './fuzz/attack.ts';
import { rootsOf } from './fuzz/documents.ts';
import { refresh } from './fuzz/pool.ts';
import { memoryOf, ownPart, probe, readStalls } from './fuzz/watch.ts';
import { together } from './mixed-work.ts';
import { takeOut } from './place.ts';
import { type Server, startServer } from './server.ts';
import { lineOf } from './texts.ts';

const count = Number(process.env['TANDEM_TEST_FUZZ'] ?? 10_000);
const first = Number(process.env['TANDEM_TEST_FUZZ_FROM'] ?? 0);
const seed = Number(process.env['TANDEM_TEST_SEED'] ?? 1);
const atOnce = 4;
/** Requests between two looks at what there is. */
const block = 250;
const mostStallMs = 200;
const mostMemoryMiB = 4_096;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

let folder = '';
let server: Server;
const pathOf = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tandem-faults-'));
  await mkdir(pathOf('data/import'), { recursive: true });
  const lines = Array.from({ length: 200 }, (_, i) => `${lineOf(i, 8)}\n`);
  await writeFile(pathOf('data/import/lines.jsonl'), lines.join(''));
  server = await startServer(pathOf('data'), {
    log: 'error',
    logTo: openSync(pathOf('log'), 'a'),
    node: ['--import', here('./fuzz/stalls.mjs')],
    // Nothing answers there, so that nothing is downloaded.
    env: {
      ...{ TANDEM_TEST_STALLS: pathOf('stalls'), HF_ENDPOINT: 'http://127.0.0.1:9' },
      ...{ TANDEM_AUTH: 'required', TANDEM_ADMIN_KEY: adminKey, TANDEM_ORIGINS: page },
    },
  });
  const { ids } = await refresh(server.client);
  await takeOut(server.client, pathOf('data'), ids.Checkpoint[0]!, 'model');
}, 180_000);
afterAll(async () => {
  await server?.end('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** How often each is there, most first. */
function tally(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([value, times]) => `${value}: ${times}`).join(', ');
}

/** Stalls whose own part is longer, the longest first, with the requests that were under way. */
const stallsOver = (mostMs: number, outcomes: readonly Outcome[]): string[] =>
  readStalls(pathOf('stalls'))
    .filter(({ late }) => late > mostMs)
    .sort((a, b) => b.late - a.late)
    .map((stall) => {
      const { at, late, waited } = stall;
      const during = outcomes.filter(({ begun, ended }) => begun <= at && ended >= at - late);
      const named = during.map(({ number, what }) => `${number} (${what})`).join(', ');
      const parts = `${ownPart(stall).toFixed(0)} ms of its own, ${waited.toFixed(0)} ms without a core`;
      return `${late.toFixed(0)} ms (${parts}) during ${named}`;
    });

describe('fuzz', () => {
  it(`${count} hostile requests of seed ${seed} find no failure`, async () => {
    const schema = buildSchema(readFileSync(here('../../docs/schema.graphql'), 'utf8'));
    const port = Number(new URL(server.client.url).port);
    const input = { name: 'fuzz', role: 'VIEWER' as const };
    const { key } = (await server.client.execute(CreateApiKeyDocument, { input })).createApiKey;
    const viewer = `Bearer ${key}`;
    const target: Target = { schema, roots: rootsOf(schema), port, viewer, dataDir: pathOf('data'), seed };
    // What the start of the process took is no matter of a request.
    writeFileSync(pathOf('stalls'), '');
    let over = false;
    const probing = probe(port, () => over);
    const outcomes: Outcome[] = [];
    const memory: number[] = [];
    for (let from = first; from < first + count; from += block) {
      const pool = await refresh(server.client);
      await together(Math.min(block, first + count - from), atOnce, async (i) => {
        const outcome = await attack(target, pool, from + i);
        outcomes.push(outcome);
        if (outcome.faults.length > 0)
          console.log(`request ${outcome.number}: ${outcome.faults.join('\n')}\n${outcome.shown}\n`);
      });
      memory.push(memoryOf(server.pid) ?? 0);
    }
    over = true;
    const probes = await probing;

    const stalls = readStalls(pathOf('stalls'));
    const times = probes.map(({ ms }) => ms).sort((a, b) => a - b);
    const reached = new Set(outcomes.flatMap((outcome) => outcome.reached));
    const roots = target.roots.map(({ kind, field }) => `${kind} ${field.name}`);
    const missed = roots.filter((root) => !reached.has(root));
    const slowest = [...outcomes].sort((a, b) => b.ended - b.begun - (a.ended - a.begun)).slice(0, 5);
    console.log(
      [
        `${outcomes.length} requests of seed ${seed}; statuses ${tally(outcomes.flatMap(({ statuses }) => statuses.map(String)))}`,
        `codes ${tally(outcomes.flatMap(({ codes }) => codes))}`,
        `reached ${roots.length - missed.length} of ${roots.length} root fields; not ${missed.join(', ') || 'one missed'}`,
        `stalls of its own at most ${Math.max(0, ...stalls.map(ownPart)).toFixed(0)} ms; with what others took ${Math.max(0, ...stalls.map(({ late }) => late)).toFixed(0)} ms`,
        `${probes.length} probes, 99 % within ${times[Math.floor(times.length * 0.99)]?.toFixed(0)} ms, all within ${times.at(-1)?.toFixed(0)} ms`,
        `memory ${memory.map((mib) => mib.toFixed(0)).join(' ')} MiB`,
        `longest stalls\n  ${stallsOver(0, outcomes).slice(0, 6).join('\n  ')}`,
        `slowest ${slowest.map(({ number, what, begun, ended }) => `${number} ${what} ${ended - begun} ms`).join(', ')}`,
      ].join('\n'),
    );
    expect.soft(outcomes.flatMap(({ number, faults }) => faults.map((fault) => `${number}: ${fault}`))).toEqual([]);
    expect.soft(readFileSync(pathOf('log'), 'utf8')).toBe('');
    expect.soft(probes.filter(({ status }) => status !== 200)).toEqual([]);
    expect.soft(stallsOver(mostStallMs, outcomes)).toEqual([]);
    expect.soft(Math.max(...memory)).toBeLessThan(mostMemoryMiB);
    if (count >= 10_000) expect(missed).toEqual([]);
  });
});
