/** Exports of runs: pieces that join to one file, whatever their size, and what is refused. */
import { parse } from 'csv-parse/sync';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { globalId } from '../../../src/db/global-id.ts';
import type { RunEventData } from '../../../src/db/schema/types.ts';
import { checkpoints, datasets, jobEvents, jobs, runDevSets, runStarts, runs } from '../../../src/db/schema.ts';
import { type ExportRunsRequest, exportRuns } from '../../../src/services/runs/export/export-runs.ts';
import type { Tandem } from '../../../src/services/tandem.ts';
import { openTestDatabase, type TestDatabase } from '../../db/database.ts';
import { insertRun, newDataset } from '../../db/rows.ts';

let database: TestDatabase;
let long: string;
let empty: string;
let short: string;
let dealt: string;

const step = (number: number): RunEventData => ({
  ...{ type: 'step', step: number, steps: 9, epoch: 1, task: number % 2 === 0 ? 'ir' : 'sts', dataset: 'a,b' },
  ...{ loss: 1 / number, components: number % 2 === 0 ? { infonce: 1 / number } : { pearson: 0.5, 'rank-kl': 0.25 } },
  ...{ learningRate: 1e-5, gradientNorm: 2, tokens: 40 + number, tokensPerSecond: 10, secondsLeft: 3 },
});

/** A run of a name that wrote these events in its first and only attempt. */
async function insertTold(name: string, events: readonly RunEventData[], settings = {}): Promise<string> {
  const { id } = await insertRun(database.db, settings);
  await database.db.update(runs).set({ name }).where(eq(runs.id, id));
  await database.db.update(jobs).set({ attempt: 1, lastSeq: events.length }).where(eq(jobs.id, id));
  for (const [i, data] of events.entries()) {
    await database.db.insert(jobEvents).values({ jobId: id, seq: i + 1, attempt: 1, type: data.type, data });
  }
  return id;
}

beforeAll(async () => {
  database = await openTestDatabase();
  const told = Array.from({ length: 7 }, (_, i) => step(i + 1));
  const warning: RunEventData = { type: 'warning', step: 3, message: 'no metric' };
  const dev = { split: 'dev', pooled: false, task: 'sts', dataset: 'pairs', metric: 'cosine_spearman' } as const;
  dealt = await insertTold('with dev sets', [
    {
      ...{ type: 'evaluation', step: 4, epoch: 2, score: 0.75, best: { step: 2, score: 0.8 }, stale: 1, seconds: 3 },
      figures: [
        { ...dev, value: 0.75 },
        { ...dev, task: 'ir', dataset: 'docs', pooled: true, metric: 'ndcg_at_10', value: null },
      ],
    },
  ]);
  long = await insertTold('=cmd', [...told.slice(0, 3), warning, ...told.slice(3)]);
  empty = await insertTold('nothing yet', []);
  short = await insertTold('short', told.slice(0, 2), { seed: 7, maxBatches: 5 });
});
afterAll(() => database.close());

const tandemOf = (pageSize: number): Tandem => {
  const config = loadConfig({});
  return { database, config: { ...config, limits: { ...config.limits, pageSize } } } as unknown as Tandem;
};

async function whole(request: Omit<ExportRunsRequest, 'after'>, pageSize: number) {
  const pieces = [];
  let after: string | null = null;
  do {
    const piece = await exportRuns(tandemOf(pageSize), { ...request, after });
    pieces.push(piece);
    after = piece.next;
  } while (after !== null);
  return { text: pieces.map(({ text }) => text).join(''), pieces };
}

describe('metrics', () => {
  const request = () => ({ runIds: [long, empty, short], table: 'metrics' }) as const;

  it.each([3, 4, 7, 8, 1000])('are one file of CSV in pieces of %i events', async (pageSize) => {
    const { text, pieces } = await whole({ ...request(), format: 'csv' }, pageSize);
    const rows: Record<string, string>[] = parse(text, { columns: true, record_delimiter: '\r\n' });
    // Five metrics of each update, and one loss term in IR or two in STS.
    expect(rows).toHaveLength(3 * 6 + 4 * 7 + 6 + 7);
    expect(pieces.reduce((sum, piece) => sum + piece.rows, 0)).toBe(rows.length);
    for (const piece of pieces) expect(piece.rows).toBeLessThanOrEqual(7 * pageSize);
    expect(rows[5]).toMatchObject({ run: globalId('Run', long), name: "'=cmd", metric: 'loss.pearson', value: '0.5' });
    expect(rows.at(-1)).toMatchObject({
      ...{ run: globalId('Run', short), name: 'short', attempt: '1', seq: '2', step: '2', epoch: '1', task: 'ir' },
      ...{ dataset: 'a,b', metric: 'loss.infonce', value: '0.5' },
    });
    const losses = rows.filter(({ run, metric }) => run === globalId('Run', long) && metric === 'loss');
    expect(losses.map(({ seq, value }) => [seq, Number(value)])).toEqual(
      [1, 2, 3, 5, 6, 7, 8].map((seq, i) => [String(seq), 1 / (i + 1)]),
    );
  });

  it.each([3, 1000])('are one list of JSON in pieces of %i events', async (pageSize) => {
    const csv = await whole({ ...request(), format: 'csv' }, pageSize);
    const rows = JSON.parse((await whole({ ...request(), format: 'json' }, pageSize)).text);
    const columns = parse(csv.text, { record_delimiter: '\r\n' })[0];
    expect(Object.keys(rows[0])).toEqual(columns);
    expect(rows).toHaveLength(59);
    expect(rows[0]).toMatchObject({ name: '=cmd', step: 1, dataset: 'a,b', metric: 'loss', value: 1 });
  });

  it('tell the evaluations on dev sets', async () => {
    const { text } = await whole({ runIds: [dealt], table: 'metrics', format: 'csv' }, 5);
    const rows: Record<string, string>[] = parse(text, { columns: true, record_delimiter: '\r\n' });
    expect(rows.map((row) => [row['step'], row['task'], row['dataset'], row['metric'], row['value']])).toEqual([
      ['4', '', '', 'dev.score', '0.75'],
      ['4', 'sts', 'pairs', 'dev.dev.cosine_spearman', '0.75'],
      ['4', 'ir', 'docs', 'dev.dev.pooled.ndcg_at_10', ''],
    ]);
  });

  it('of a run without any are an empty table', async () => {
    const nothing = { runIds: [empty], table: 'metrics' } as const;
    expect(JSON.parse((await whole({ ...nothing, format: 'json' }, 5)).text)).toEqual([]);
    const header = 'run,name,attempt,seq,time,step,epoch,task,dataset,metric,value\r\n';
    expect((await whole({ ...nothing, format: 'csv' }, 5)).text).toBe(header);
  });
});

describe('settings', () => {
  it('are a row per run', async () => {
    const request = { runIds: [short, long], table: 'settings' } as const;
    const rows = JSON.parse((await whole({ ...request, format: 'json' }, 9)).text);
    expect(rows).toMatchObject([
      {
        ...{ name: 'short', state: 'QUEUED', modelName: 'small', startedAt: null, step: 0, steps: null },
        ...{ 'settings.seed': 7, 'settings.maxBatches': 5, 'settings.optimizer.beta1': 0.9 },
        datasets: [{ version: 1, weight: 1 }],
      },
      { name: '=cmd', 'settings.seed': 49, 'settings.maxBatches': null },
    ]);
    expect(rows[0]).toMatchObject({
      cause: null,
      startCheckpoint: null,
      startAfter: null,
      startFrom: null,
      devSets: [],
    });
    const csv = parse((await whole({ ...request, format: 'csv' }, 9)).text, { columns: true }) as typeof rows;
    expect(csv.map((row: object) => Object.keys(row))).toEqual(rows.map((row: object) => Object.keys(row)));
    expect(JSON.parse(csv[0]['settings.losses.ir'])).toEqual(rows[0]['settings.losses.ir']);
    expect(csv[1]['settings.maxBatches']).toBe('');
  });
});

it('of a stage has its start, its dev sets and the cause of its end', async () => {
  const { db } = database;
  const [first, { id, modelId }] = [await insertRun(db), await insertRun(db, { seed: 9 })];
  const bytes = { digest: 'ab'.repeat(32), bytes: 1 };
  const made = { runId: first.id, modelId, reason: 'epoch', step: 3, epoch: 1, attempt: 1 } as const;
  const [checkpoint] = await db
    .insert(checkpoints)
    .values({ ...made, ...bytes })
    .returning();
  await db.insert(runStarts).values({ runId: id, afterId: first.id, checkpointId: checkpoint!.id, choice: 'best' });
  const [dev] = await db
    .insert(datasets)
    .values(newDataset({ name: 'judged' }))
    .returning();
  await db.insert(runDevSets).values({ runId: id, position: 0, datasetId: dev!.id, split: 'dev', pooled: true });
  const answer = { cause: 'EARLY_STOPPED' } as const;
  await db.update(jobs).set({ state: 'SUCCEEDED', answer }).where(eq(jobs.id, id));
  const { text } = await whole({ runIds: [id], table: 'settings', format: 'json' }, 9);
  expect(JSON.parse(text)).toMatchObject([
    {
      ...{ state: 'SUCCEEDED', cause: 'EARLY_STOPPED', startCheckpoint: globalId('Checkpoint', checkpoint!.id) },
      ...{ startAfter: globalId('Run', first.id), startFrom: 'best' },
      devSets: [{ id: globalId('Dataset', dev!.id), name: 'judged', version: 1, split: 'dev', pooled: true }],
    },
  ]);
});

describe('an export is refused', () => {
  const gone = '00000000-0000-4000-8000-000000000000';
  const refused = (request: Partial<ExportRunsRequest>) =>
    exportRuns(tandemOf(3), { runIds: [long], table: 'metrics', format: 'csv', ...request });

  it.each([
    ['without a run', { runIds: [] }, 'BAD_USER_INPUT', 'input.runs'],
    ['of too many runs', { runIds: ['a', 'b', 'c', 'd'] }, 'LIMIT_EXCEEDED', 'input.runs'],
    ['of the same run twice', { runIds: ['a', 'b', 'a'] }, 'BAD_USER_INPUT', 'input.runs.2'],
    ['of a run that is not there', { runIds: [gone] }, 'NOT_FOUND', 'input.runs.0'],
    ['behind no piece', { after: 'x' }, 'BAD_USER_INPUT', 'after'],
    ['behind a piece of other runs', { after: '1.0.5' }, 'BAD_USER_INPUT', 'after'],
    ['behind the one piece of settings', { table: 'settings', after: '0.0.1' }, 'BAD_USER_INPUT', 'after'],
  ] as const)('%s', async (_what, request, code, field) => {
    await expect(refused(request)).rejects.toMatchObject({ code, details: { field } });
  });
});
