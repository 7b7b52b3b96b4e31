/**
 * One bit of a stored file is another, at positions drawn over all kinds of files of a data folder that was made by
 * the API. After each flip a server starts on the folder and everything that reads files is asked for. Every answer is
 * that of the undisturbed folder, or a refusal that names the file and the remedy: no answer changes in silence.
 * FLIPS is how many positions are drawn (200). The database's own pages have checksums of Postgres, and are left out.
 */
import { cp, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RandomStream } from '../../src/random/keyed.ts';
import { type Server, startServer } from './server.ts';
import {
  type Answer,
  answersOf,
  bytesOf,
  damagedIn,
  type Holdings,
  makeHoldings,
  startImport,
  startLongRun,
} from './uses.ts';

const flips = Number(process.env['FLIPS'] ?? 200);
/** Draws another set of positions. */
const seed = Number(process.env['SEED'] ?? 1);

let root = '';
let held: Holdings;
let undisturbed: Record<string, Answer>;
const pristine = (): string => join(root, 'pristine');
const dataDir = (): string => join(root, 'data');

async function withServer<T>(work: (server: Server) => Promise<T>, end: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<T> {
  const server = await startServer(dataDir(), { log: 'silent' });
  return work(server).finally(() => server.end(end));
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tandem-faults-'));
  const made = await withServer(async ({ client }) => {
    const { model, ...holdings } = await makeHoldings(client);
    return { ...holdings, run: await startLongRun(client, model, holdings.datasets[0]!) };
  }, 'SIGTERM');
  const key = 'inline';
  await withServer(({ client }) => startImport(client, dataDir(), key));
  held = { ...made, key };
  await cp(dataDir(), pristine(), { recursive: true, preserveTimestamps: true });
  undisturbed = await withServer(({ client }) => answersOf(client, held, dataDir()));
  for (const [use, { refusals }] of Object.entries(undisturbed)) expect([use, refusals]).toEqual([use, 0]);
}, 600_000);
afterAll(() => rm(root, { recursive: true, force: true }));

/** What kind of file it is, for the report; undefined = none of what Tandem stores. */
function kindOf(path: string): string | undefined {
  const [part, kind] = path.split('/');
  if (part !== 'objects') return path.includes('/') ? undefined : path;
  return kind === 'payloads' || kind === 'segments' ? kind : `${kind} ${basename(path)}`;
}

interface Flip {
  readonly kind: string;
  /** Below the data folder. */
  readonly path: string;
  readonly at: number;
  readonly bit: number;
}

/** Positions drawn evenly over the kinds, then over the files of a kind and their bytes. */
async function drawFlips(): Promise<Flip[]> {
  const byKind = new Map<string, string[]>();
  const entries = await readdir(pristine(), { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name).slice(pristine().length + 1);
    const kind = entry.isFile() ? kindOf(path) : undefined;
    if (kind !== undefined && (await stat(join(pristine(), path))).size > 0) {
      byKind.set(kind, [...(byKind.get(kind) ?? []), path]);
    }
  }
  const kinds = [...byKind.keys()].sort();
  const drawn: Flip[] = [];
  for (let n = 0; n < flips; n++) {
    const kind = kinds[n % kinds.length]!;
    const paths = byKind.get(kind)!.sort();
    const random = new RandomStream(seed, n);
    const path = paths[random.below(paths.length)]!;
    const { size } = await stat(join(pristine(), path));
    drawn.push({ kind, path, at: random.below(size), bit: random.below(8) });
  }
  return drawn;
}

type Outcome = 'refused' | 'mended' | 'found by verify' | 'harmless' | 'no start';

/** Throws if an answer is another than that of the undisturbed folder. */
async function flip({ path, at, bit }: Flip): Promise<Outcome> {
  await rm(dataDir(), { recursive: true, force: true });
  await cp(pristine(), dataDir(), { recursive: true, preserveTimestamps: true });
  const file = join(dataDir(), path);
  const original = (await bytesOf(file))!;
  const flipped = Buffer.from(original);
  flipped[at]! ^= 1 << bit;
  await writeFile(file, flipped);
  const server = await startServer(dataDir(), { log: 'silent' }).catch(() => undefined);
  if (server === undefined) return 'no start';
  try {
    const answers = await answersOf(server.client, held, dataDir());
    for (const [use, { value }] of Object.entries(answers)) {
      if (value !== null) expect([use, value]).toEqual([use, undisturbed[use]!.value]);
    }
    const damaged = await damagedIn(server.client);
    if (Object.values(answers).some(({ refusals }) => refusals > 0)) return 'refused';
    const now = await bytesOf(file);
    // Segments and payloads are removed when they are used; others are made again.
    if (now === undefined || !now.equals(flipped)) return 'mended';
    return damaged.length > 0 ? 'found by verify' : 'harmless';
  } finally {
    await server.end('SIGKILL');
  }
}

it('changes no answer in silence', async () => {
  const report = new Map<string, Map<string, number>>();
  const silent: string[] = [];
  for (const drawn of await drawFlips()) {
    const outcome = await flip(drawn).catch((error: Error) => {
      silent.push(`${drawn.path}, byte ${drawn.at}, bit ${drawn.bit}: ${error.message}`);
      console.log(silent.at(-1));
      return 'NOT DETECTED';
    });
    const counts = report.get(drawn.kind) ?? new Map<string, number>();
    report.set(drawn.kind, counts.set(outcome, (counts.get(outcome) ?? 0) + 1));
  }
  for (const [kind, counts] of [...report].sort()) {
    console.log(`${kind}: ${[...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`);
  }
  expect(silent).toEqual([]);
});
