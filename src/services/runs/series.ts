/**
 * Figures of a run over its updates, for curves: of a long series the least and the largest value of each bucket, which
 * the database finds, so that ten thousand updates cost a page. An update that was made again after a resume counts
 * once, as it was made last.
 */
import { asc, eq, type SQL, sql } from 'drizzle-orm';
import { devEvaluations, jobEvents, type RunRow } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import type { DevFigures } from '../../train/types.ts';
import { checkList } from '../embedding/texts.ts';
import type { Tandem } from '../tandem.ts';

/** Updates `step` to `lastStep` of a series; one update where there are no more than were asked for. */
export interface SeriesPoint {
  readonly step: number;
  readonly lastStep: number;
  readonly count: number;
  readonly min: number;
  readonly max: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly SeriesPoint[];
}

/** Series that every update has a value of, with its place in the event. */
const ofUpdates = ['loss', 'learningRate', 'gradientNorm', 'tokens', 'tokensPerSecond'] as const;
export const mostPoints = 10_000;

/** The last telling of every update, and of each of its batches: those of the sampler `mixed` are in a list. */
const updates = (runId: string): SQL => sql`
  select distinct on (step) step, data from (
    select (${jobEvents.data} ->> 'step')::int as step, ${jobEvents.data} as data, ${jobEvents.seq} as seq
    from ${jobEvents} where ${jobEvents.jobId} = ${runId} and ${jobEvents.type} = 'step'
  ) as told order by step, seq desc`;
const batches = (runId: string): SQL => sql`
  select step, batch from (${updates(runId)}) as updates
  cross join lateral jsonb_array_elements(coalesce(data -> 'batches', jsonb_build_array(data))) as batch`;

/** Every value of every series of updates: name, step, value. Several batches of an update give their mean. */
const values = (runId: string): SQL => sql`
  select figure as name, step, (data ->> figure)::float8 as value
  from (${updates(runId)}) as updates
  cross join unnest(array[${sql.join(
    ofUpdates.map((name) => sql`${name}`),
    sql`, `,
  )}]::text[]) as figure
  union all
  select 'loss.' || (batch ->> 'task'), step, avg((batch ->> 'loss')::float8)
  from (${batches(runId)}) as batches group by 1, 2
  union all
  select 'loss.' || (batch ->> 'task') || '.' || term.key, step, avg(term.value::float8)
  from (${batches(runId)}) as batches cross join lateral jsonb_each_text(batch -> 'components') as term group by 1, 2`;

/** The names of all series of a run, those of dev sets last. */
export async function seriesNames({ database: { db } }: Tandem, { id }: Pick<RunRow, 'id'>): Promise<string[]> {
  const { rows } = await db.execute<{ name: string }>(
    sql`select distinct name from (${values(id)}) as v order by name`,
  );
  const [first] = await db.select().from(devEvaluations).where(eq(devEvaluations.runId, id)).limit(1);
  const dev = first ? ['dev.score', ...first.figures.flatMap((set) => metricsOf(set).map(([name]) => name))] : [];
  return [...rows.map(({ name }) => name), ...dev];
}

/** In the order of the names. A name that the run has no value of gives no points. */
export async function seriesOf(
  tandem: Tandem,
  { id }: Pick<RunRow, 'id'>,
  { names, maxPoints }: { readonly names: readonly string[]; readonly maxPoints: number },
): Promise<Series[]> {
  checkList(names, tandem.config.limits, 'names');
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0) {
    throw badInput(`The series "${names[twice]}" is named twice`, {
      field: `names.${twice}`,
      expected: 'each series once',
      remedy: 'Name it once.',
    });
  }
  const points = new Map<string, SeriesPoint[]>(names.map((name) => [name, []]));
  const asked = sql.join(
    names.map((name) => sql`${name}`),
    sql`, `,
  );
  const { rows } = await tandem.database.db.execute<{ name: string } & Record<keyof SeriesPoint, number>>(sql`
    select name, bucket, min(step) as step, max(step) as "lastStep", count(*)::int as count,
      min(value) as min, max(value) as max
    from (
      select name, step, value, ntile(${maxPoints}::int) over (partition by name order by step) as bucket
      from (${values(id)}) as v where name in (${asked}) and value is not null
    ) as bucketed
    group by name, bucket order by name, bucket`);
  for (const { name, step, lastStep, count, min, max } of rows) {
    points.get(name)?.push({ step, lastStep, count, min, max });
  }
  if (names.some((name) => name.startsWith('dev.'))) await addDev(tandem, id, points, maxPoints);
  return names.map((name) => ({ name, points: points.get(name) ?? [] }));
}

/** Evaluations are few beside updates. */
async function addDev(
  { database: { db } }: Tandem,
  runId: string,
  points: Map<string, SeriesPoint[]>,
  maxPoints: number,
): Promise<void> {
  const rows = await db
    .select()
    .from(devEvaluations)
    .where(eq(devEvaluations.runId, runId))
    .orderBy(asc(devEvaluations.step));
  const found = new Map<string, { step: number; value: number }[]>();
  for (const { step, score, figures } of rows) {
    for (const [name, value] of [['dev.score', score] as const, ...figures.flatMap(metricsOf)]) {
      if (value === null || !points.has(name)) continue;
      found.set(name, [...(found.get(name) ?? []), { step, value }]);
    }
  }
  for (const [name, all] of found) points.set(name, bucketed(all, maxPoints));
}

const metricsOf = ({ dataset, split, pooled, metrics }: DevFigures): (readonly [string, number | null])[] =>
  Object.entries(metrics).map(([metric, value]) => [
    `dev.${dataset}.${split}.${pooled ? 'pooled.' : ''}${metric}`,
    value,
  ]);

/** As ntile of the database cuts: the first buckets are longer by one where the number does not divide. */
export function bucketed(
  all: readonly { readonly step: number; readonly value: number }[],
  maxPoints: number,
): SeriesPoint[] {
  const buckets = Math.min(maxPoints, all.length);
  const [size, longer] = [Math.floor(all.length / buckets), all.length % buckets];
  return Array.from({ length: buckets }, (_, bucket) => {
    const begin = bucket * size + Math.min(bucket, longer);
    const part = all.slice(begin, begin + size + (bucket < longer ? 1 : 0));
    const [min, max] = [Math.min, Math.max].map((of) => of(...part.map(({ value }) => value))) as [number, number];
    return { step: part[0]!.step, lastStep: part.at(-1)!.step, count: part.length, min, max };
  });
}
