/**
 * Figures of a run over its updates, for curves: of a long series the least and the largest value of each bucket, which
 * the database finds, so that ten thousand updates cost a page. An update that was made again after a resume counts
 * once, as it was made last.
 */
import { asc, inArray, type SQL, sql } from 'drizzle-orm';
import type { Executor } from '../../db/open.ts';
import { type DevEvaluationRow, devEvaluations, jobEvents } from '../../db/schema.ts';
import { badInput } from '../../errors.ts';
import type { DevFigures } from '../../train/types.ts';
import { groupBy } from '../common/group-by.ts';
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
const updates = (runId: SQL): SQL => sql`
  select distinct on (step) step, data from (
    select (${jobEvents.data} ->> 'step')::int as step, ${jobEvents.data} as data, ${jobEvents.seq} as seq
    from ${jobEvents} where ${jobEvents.jobId} = ${runId} and ${jobEvents.type} = 'step'
  ) as told order by step, seq desc`;
const batches = (runId: SQL): SQL => sql`
  select step, batch from (${updates(runId)}) as updates
  cross join lateral jsonb_array_elements(coalesce(data -> 'batches', jsonb_build_array(data))) as batch`;

/** Every value of every series of updates: name, step, value. Several batches of an update give their mean. */
const values = (runId: SQL): SQL => sql`
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

/** The key of one of the runs that a statement is about. */
const runKey = sql`run.id`;
const runsOf = (ids: readonly string[]): SQL => sql`unnest(${sql.param([...ids])}::uuid[]) as run(id)`;

/** The names of all series of each of the runs, in the order of the ids, those of dev sets last. */
export async function seriesNames({ database: { db } }: Tandem, ids: readonly string[]): Promise<string[][]> {
  const { rows } = await db.execute<{ id: string; name: string }>(sql`
    select run.id, own.name from ${runsOf(ids)}
    cross join lateral (select distinct name from (${values(runKey)}) as v) as own order by run.id, own.name`);
  const evaluated = await db
    .selectDistinctOn([devEvaluations.runId])
    .from(devEvaluations)
    .where(inArray(devEvaluations.runId, [...ids]));
  const dev = new Map(evaluated.map(({ runId, figures }) => [runId, ['dev.score', ...figures.flatMap(namesOf)]]));
  const names = groupBy(rows, ({ id }) => id);
  return ids.map((id) => [...(names.get(id) ?? []).map(({ name }) => name), ...(dev.get(id) ?? [])]);
}

export interface SeriesRequest {
  readonly names: readonly string[];
  readonly maxPoints: number;
}

/** Throws for too many names, and for one that is named twice. */
export function checkSeries({ config: { limits } }: Tandem, { names }: SeriesRequest): void {
  checkList(names, limits, 'names');
  const twice = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (twice >= 0) {
    throw badInput(`The series "${names[twice]}" is named twice`, {
      field: `names.${twice}`,
      expected: 'each series once',
      remedy: 'Name it once.',
    });
  }
}

/** Of each of the runs, in the order of the ids and of the names. What a run has no value of gives no points. */
export async function seriesOf(
  { database: { db } }: Tandem,
  ids: readonly string[],
  { names, maxPoints }: SeriesRequest,
): Promise<Series[][]> {
  const { rows } = await db.execute<{ id: string; name: string } & Record<keyof SeriesPoint, number>>(sql`
    select run.id, own.* from ${runsOf(ids)} cross join lateral (
      select name, bucket, min(step) as step, max(step) as "lastStep", count(*)::int as count,
        min(value) as min, max(value) as max
      from (
        select name, step, value, ntile(${maxPoints}::int) over (partition by name order by step) as bucket
        from (${values(runKey)}) as v where name = any(${sql.param([...names])}::text[]) and value is not null
      ) as bucketed
      group by name, bucket
    ) as own order by run.id, own.name, own.bucket`);
  const ofUpdates = groupBy(rows, ({ id }) => id);
  const ofDev = names.some((name) => name.startsWith('dev.')) ? await devPoints(db, ids, maxPoints) : null;
  return ids.map((id) => {
    const own = groupBy(ofUpdates.get(id) ?? [], ({ name }) => name);
    return names.map((name) => ({
      name,
      points: ofDev?.get(id)?.get(name) ?? (own.get(name) ?? []).map(pointOf),
    }));
  });
}

const pointOf = ({ step, lastStep, count, min, max }: SeriesPoint): SeriesPoint => ({
  ...{ step, lastStep, count, min, max },
});

/** The points of all series of dev sets, by run and by name. Evaluations are few beside updates. */
async function devPoints(
  db: Executor,
  ids: readonly string[],
  maxPoints: number,
): Promise<ReadonlyMap<string, ReadonlyMap<string, readonly SeriesPoint[]>>> {
  const rows = await db
    .select()
    .from(devEvaluations)
    .where(inArray(devEvaluations.runId, [...ids]))
    .orderBy(asc(devEvaluations.step));
  const pointsOf = (own: readonly DevEvaluationRow[]) => {
    const told = own.flatMap(({ step, score, figures }) =>
      [['dev.score', score] as const, ...figures.flatMap(metricsOf)].flatMap(([name, value]) =>
        value === null ? [] : [{ name, step, value }],
      ),
    );
    const series = groupBy(told, ({ name }) => name);
    return new Map([...series].map(([name, all]) => [name, bucketed(all, maxPoints)]));
  };
  return new Map([...groupBy(rows, ({ runId }) => runId)].map(([id, own]) => [id, pointsOf(own)]));
}

const metricsOf = ({ dataset, split, pooled, metrics }: DevFigures): (readonly [string, number | null])[] =>
  Object.entries(metrics).map(([metric, value]) => [
    `dev.${dataset}.${split}.${pooled ? 'pooled.' : ''}${metric}`,
    value,
  ]);

const namesOf = (set: DevFigures): string[] => metricsOf(set).map(([name]) => name);

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
