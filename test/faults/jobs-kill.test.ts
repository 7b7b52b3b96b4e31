/**
 * Every kind of durable work, killed by SIGKILL half-way again and again, each time at another moment: the server is
 * started again on its data folder, the client asks again under its key, and what there is in the end is what an
 * undisturbed server has. On PGlite, and on the Postgres of DATABASE_URL_TEST where one is named.
 *
 * TANDEM_TEST_KILLS says how many kills a kind gets; 20 where it is unset.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresUrl } from '../db/database.ts';
import { filesIn } from './files.ts';
import { jobKinds, type Kind, kinds } from './kinds.ts';
import { attemptsOf, jobsIn, jobsOf, totalsOf } from './requests.ts';
import { type DatabaseKind, openStage, type Stage } from './stage.ts';
import { askedOn, lengthOf, strike, until } from './strike.ts';

const kills = Number(process.env['TANDEM_TEST_KILLS'] ?? 20);
const databases: readonly DatabaseKind[] = postgresUrl ? ['pglite', 'postgres'] : ['pglite'];
/** Keys of an answer that differ between two servers that did the same. */
const ofOneServer = new Set(['id', 'path', 'seconds']);
const prepareMs = 180_000;

const keyOf = (kind: Kind, n: number): string => `${kind.name} ${n}`;

/** The answer without what differs between servers. */
const plain = (answer: unknown): unknown =>
  JSON.parse(JSON.stringify(answer, (key, value: unknown) => (ofOneServer.has(key) ? undefined : value)));

/** What is there once all is quiet. */
const stateOf = async (stage: Stage, kind: Kind) => ({
  totals: await totalsOf(stage.client()),
  rows: await kind.rows?.(stage.client(), stage.place),
  files: await filesIn(stage.dataDir),
});

/** Answers the requests one after the other; resolves with the answers and with the median time of the work. */
async function undisturbed(stage: Stage, kind: Kind): Promise<{ answers: unknown[]; median: number }> {
  const answers: unknown[] = [];
  const lengths: number[] = [];
  for (let n = 0; n < kills; n++) {
    const asked = askedOn(stage, n, keyOf(kind, n));
    answers.push(await kind.request(asked));
    const row = await kind.find(asked);
    if (row) lengths.push(lengthOf(row));
  }
  return { answers, median: lengths.sort((a, b) => a - b)[Math.floor(lengths.length / 2)] ?? 0 };
}

describe.each(databases)('jobs-kill on %s', (database) => {
  let calm: Stage;
  let struck: Stage;
  beforeAll(async () => {
    calm = await openStage(database);
    struck = await openStage(database);
  }, prepareMs);
  afterAll(async () => {
    await calm?.close();
    await struck?.close();
  });

  it.each(kinds)('$name: the same, once', async (kind) => {
    const { answers, median } = await undisturbed(calm, kind);
    let length = median;
    const attempts: number[] = [];
    let hits = 0;
    for (const [n, expected] of answers.entries()) {
      const key = keyOf(kind, n);
      const { answer, ...outcome } = await strike(struck, kind, n, key, (length * (n + 0.5)) / kills);
      expect(plain(answer)).toEqual(plain(expected));
      expect(await kind.request(askedOn(struck, n, key))).toEqual(answer);
      attempts.push(outcome.attempts);
      if (outcome.hit) hits += 1;
      // A server that has just started is slower, the machine may be busy: the kills are to reach the last moments.
      length *= outcome.hit ? 1.04 : 0.8;
    }
    console.log(
      `${database}, ${kind.name} (${median} ms): ${hits} of ${kills} kills hit it alive; attempts ${attempts.join(' ')}`,
    );
    expect(await stateOf(struck, kind)).toEqual(await stateOf(calm, kind));
    expect(hits).toBeGreaterThanOrEqual(kills * 0.75);
    // One killed while it waited has one attempt, one killed while it ran has two.
    expect(Math.max(...attempts)).toBe(2);
    expect(attempts.filter((count) => count === 2).length).toBeGreaterThanOrEqual(kills / 2);
  });

  const [kind] = jobKinds.filter(({ name }) => name === 'create-model');

  it('interrupts what has no key, and makes nothing of it', async () => {
    const before = await stateOf(struck, kind!);
    const broken = kind!.request(askedOn(struck, 1_000, undefined)).catch(() => {});
    const [row] = await until('a running job', async () => {
      const found = await jobsIn(struck.client(), 'RUNNING');
      return found.length > 0 ? found : undefined;
    });
    await struck.kill();
    await broken;
    await struck.start();
    const interrupted = await jobsIn(struck.client(), 'INTERRUPTED');
    expect(interrupted.map(({ id }) => id)).toContain(row!.id);
    const after = await stateOf(struck, kind!);
    expect(after).toEqual({ ...before, totals: { ...before.totals, jobs: before.totals['jobs']! + 1 } });
  });

  it('gives up on what the process died of three times', async () => {
    const before = await stateOf(struck, kind!);
    const key = `${database} dies`;
    let client = struck.client();
    for (let death = 1; death <= 3; death++) {
      const broken = kind!.request(askedOn(struck, 1_001, key)).catch(() => {});
      await until(`attempt ${death}`, async () => {
        const [job] = await jobsOf(client, key);
        if (job?.state !== 'RUNNING') return undefined;
        return (await attemptsOf(client, job.id)).length === death ? job : undefined;
      });
      await struck.kill();
      await broken;
      await struck.start();
      client = struck.client();
    }
    const failed = await until('the end of the job', async () => {
      const [job] = await jobsOf(client, key);
      return job?.state === 'FAILED' ? job : undefined;
    });
    expect(failed.error?.reason).toBe('attempts');
    expect(await attemptsOf(client, failed.id)).toHaveLength(3);
    await expect(kind!.request(askedOn(struck, 1_001, key))).rejects.toMatchObject({
      extensions: { reason: 'attempts' },
    });
    const after = await stateOf(struck, kind!);
    expect(after).toEqual({ ...before, totals: { ...before.totals, jobs: before.totals['jobs']! + 1 } });
  });
});
