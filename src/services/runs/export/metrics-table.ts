/** The metrics of runs as a table: a row per run, update and metric. */
import { and, asc, eq, gt, inArray } from 'drizzle-orm';
import { globalId } from '../../../db/global-id.ts';
import type { JobEventData } from '../../../db/schema/types.ts';
import { type JobEventRow, jobEvents, type RunRow } from '../../../db/schema.ts';
import { requireRow } from '../../common/rows.ts';
import type { Tandem } from '../../tandem.ts';
import type { ExportRow, TablePage } from './types.ts';

/** Events that carry metrics. */
const measured = ['step', 'evaluation'] as const satisfies readonly JobEventRow['type'][];

const metricColumns = [
  ...['run', 'name', 'attempt', 'seq', 'time', 'step', 'epoch', 'task', 'dataset', 'metric', 'value'],
] as const;

/** Where a page of metrics begins: the run, by its place among those that were chosen, and the event before. */
export interface Place {
  readonly run: number;
  readonly seq: number;
}

/** The rows behind a place, of at most a page of events. */
export async function metricsPage(
  tandem: Tandem,
  ids: readonly string[],
  { run: first, seq }: Place,
): Promise<TablePage & { readonly next: Place | null }> {
  const rows: ExportRow[] = [];
  let left = tandem.config.limits.pageSize;
  for (let i = first; i < ids.length; i++) {
    if (left <= 0) return { columns: metricColumns, rows, next: { run: i, seq: 0 } };
    const run = await requireRow(tandem.database.db, 'runs', ids[i]!, `input.runs.${i}`);
    const events = await eventsBehind(tandem, run.id, i === first ? seq : 0, left);
    for (const event of events) rows.push(...rowsOf(run, event));
    if (events.length === left) return { columns: metricColumns, rows, next: { run: i, seq: events.at(-1)!.seq } };
    // A run without events counts as well, so that a page ends.
    left -= events.length + 1;
  }
  return { columns: metricColumns, rows, next: null };
}

const eventsBehind = (
  { database: { db } }: Tandem,
  runId: string,
  seq: number,
  limit: number,
): Promise<JobEventRow[]> =>
  db
    .select()
    .from(jobEvents)
    .where(and(eq(jobEvents.jobId, runId), gt(jobEvents.seq, seq), inArray(jobEvents.type, [...measured])))
    .orderBy(asc(jobEvents.seq))
    .limit(limit);

function rowsOf({ id, name }: RunRow, { attempt, seq, createdAt, data }: JobEventRow): ExportRow[] {
  const shared = { run: globalId('Run', id), name, attempt, seq, time: createdAt.toISOString() };
  if (data.type === 'evaluation') return evaluationRows(shared, data);
  if (data.type !== 'step') return [];
  const { step, epoch, task, dataset, loss, components, learningRate, gradientNorm, tokens, tokensPerSecond } = data;
  const terms = Object.entries(components).map(([term, value]) => [`loss.${term}`, value] as const);
  const metrics = [...Object.entries({ loss, learningRate, gradientNorm, tokens, tokensPerSecond }), ...terms];
  return metrics.map(([metric, value]) => ({ ...shared, step, epoch, task, dataset, metric, value }));
}

/** The joint score, and the main figure of each dev set; one on a pooled corpus is named so. */
function evaluationRows(
  shared: ExportRow,
  { step, epoch, score, figures }: Extract<JobEventData, { type: 'evaluation' }>,
): ExportRow[] {
  const none = { task: null, dataset: null };
  return [
    { ...shared, step, epoch, ...none, metric: 'dev.score', value: score },
    ...figures.map(({ task, dataset, split, pooled, metric, value }) => {
      const name = `dev.${split}.${pooled ? 'pooled.' : ''}${metric}`;
      return { ...shared, step, epoch, task, dataset, metric: name, value };
    }),
  ];
}
