/** Series of runs: every value where there is room, else the least and largest of buckets, and each step once. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobEventData } from '../../../src/db/schema/types.ts';
import { devEvaluations, jobEvents, type RunRow } from '../../../src/db/schema.ts';
import { defaultLimits } from '../../../src/limits.ts';
import { bucketed, checkSeries, type SeriesRequest, seriesNames, seriesOf } from '../../../src/services/runs/series.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import { openTestDatabase, type TestDatabase } from '../../db/database.ts';
import { insertRun } from '../../db/rows.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase('pglite');
});
afterAll(() => database.close());
const tandem = () => ({ database, config: { limits: defaultLimits } }) as unknown as Tandem;

const stepEvent = (step: number, loss: number, task: 'ir' | 'sts' = 'sts'): JobEventData => ({
  ...{ type: 'step', step, steps: 10_000, epoch: 1, task, dataset: `set-${task}`, loss },
  ...{ components: task === 'sts' ? { pearson: loss / 2 } : { infonce: loss }, learningRate: 1 / step },
  ...{ gradientNorm: 2, tokens: 5, tokensPerSecond: 7, secondsLeft: 1 },
});

async function runWith(events: readonly JobEventData[]) {
  const run = await insertRun(database.db);
  for (let from = 0; from < events.length; from += 1000) {
    const rows = events.slice(from, from + 1000).map((data, i) => ({
      ...{ jobId: run.id, seq: from + i + 1, attempt: 1, type: data.type, data },
    }));
    await database.db.insert(jobEvents).values(rows);
  }
  return run;
}

const pointsOf = async ({ id }: RunRow, request: SeriesRequest) => (await seriesOf(tandem(), [id], request))[0]!;
const namesOf = async ({ id }: RunRow) => (await seriesNames(tandem(), [id]))[0]!;

describe('series', () => {
  it('tell every value where there is room, of tasks and terms apart, the last of a step made twice', async () => {
    const mixed = { ...stepEvent(4, 0.5, 'ir'), batches: [1, 3].map((loss) => stepEvent(4, loss, 'ir')) };
    const run = await runWith([
      stepEvent(1, 8),
      stepEvent(2, 9, 'ir'),
      stepEvent(3, 7),
      stepEvent(3, 6),
      mixed as never,
    ]);
    const names = ['loss', 'loss.sts.pearson', 'loss.ir', 'nothing'];
    const at = (step: number, value: number) => ({ step, lastStep: step, count: 1, min: value, max: value });
    expect(await pointsOf(run, { names, maxPoints: 10 })).toEqual([
      { name: 'loss', points: [at(1, 8), at(2, 9), at(3, 6), at(4, 0.5)] },
      { name: 'loss.sts.pearson', points: [at(1, 4), at(3, 3)] },
      { name: 'loss.ir', points: [at(2, 9), at(4, 2)] },
      { name: 'nothing', points: [] },
    ]);
    const own = ['gradientNorm', 'learningRate', 'loss', 'loss.ir', 'loss.ir.infonce', 'loss.sts', 'loss.sts.pearson'];
    expect((await namesOf(run)).sort()).toEqual([...own, 'tokens', 'tokensPerSecond'].sort());
  });

  it('of ten thousand steps are least and largest values of as many buckets as were asked for', async () => {
    const events = Array.from({ length: 10_000 }, (_, i) => stepEvent(i + 1, (i * 7919) % 1009));
    const run = await runWith(events);
    const begin = performance.now();
    const [loss] = await pointsOf(run, { names: ['loss'], maxPoints: 300 });
    const all = events.map((event) => ({
      step: (event as { step: number }).step,
      value: (event as { loss: number }).loss,
    }));
    expect(loss?.points).toEqual(bucketed(all, 300));
    expect(loss?.points.length).toBe(300);
    expect(performance.now() - begin).toBeLessThan(20_000);
  });

  it('have the figures of dev sets, named after set and split, pooled ones apart', async () => {
    const run = await runWith([]);
    const figures = (value: number | null, pooled: boolean) => ({
      ...{ dataset: 'faq', split: 'dev' as const, pooled, task: 'ir' as const, main: 'ndcg_at_10' },
      ...{ metrics: { ndcg_at_10: value }, undefinedReasons: {}, count: 3, documents: 4, seconds: 0, tokens: 1 },
    });
    const rows = [0, 5, 9].map((step) => ({
      ...{ runId: run.id, step, epoch: 1, attempt: 1, score: step / 10, seconds: 1 },
      figures: [figures(step / 20, false), figures(step === 5 ? null : step / 5, true)],
    }));
    await database.db.insert(devEvaluations).values(rows);
    const names = ['dev.score', 'dev.faq.dev.ndcg_at_10', 'dev.faq.dev.pooled.ndcg_at_10'];
    expect(await namesOf(run)).toEqual(names);
    const found = await pointsOf(run, { names, maxPoints: 2 });
    expect(found.map(({ points }) => points.map(({ step, lastStep, min, max }) => [step, lastStep, min, max]))).toEqual(
      [
        [
          [0, 5, 0, 0.5],
          [9, 9, 0.9, 0.9],
        ],
        [
          [0, 5, 0, 0.25],
          [9, 9, 0.45, 0.45],
        ],
        [
          [0, 0, 0, 0],
          [9, 9, 1.8, 1.8],
        ],
      ],
    );
  });

  it('of several runs are each of its own, with one statement for all', async () => {
    const [first, second] = [await runWith([stepEvent(1, 8)]), await runWith([stepEvent(1, 2), stepEvent(2, 4)])];
    const request = { names: ['loss'], maxPoints: 1 };
    const found = await seriesOf(tandem(), [second.id, randomUUID(), first.id], request);
    const shown = found.map(([loss]) => loss?.points.map(({ count, min, max }) => [count, min, max]));
    expect(shown).toEqual([[[2, 2, 4]], [], [[1, 8, 8]]]);
    const names = await seriesNames(tandem(), [second.id, randomUUID(), first.id]);
    expect(names).toEqual([names[2], [], await namesOf(first)]);
  });

  it('are refused if named twice', () => {
    expect(() => checkSeries(tandem(), { names: ['loss', 'loss'], maxPoints: 2 })).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', details: expect.objectContaining({ field: 'names.1' }) }),
    );
  });
});
