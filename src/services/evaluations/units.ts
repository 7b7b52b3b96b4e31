/** What each query or pair of an evaluation got, page by page, with its texts. */
import type { EvaluationRow } from '../../db/schema.ts';
import { readUnits } from '../../evaluation/units/read.ts';
import type { Hit, PairUnits, QueryFigure, QueryUnits } from '../../evaluation/units/types.ts';
import { inMemory, numberedSource } from '../common/listing/places.ts';
import type { Source } from '../common/listing/types.ts';
import type { Tandem } from '../tandem.ts';
import { type SplitTexts, textsOf } from './unit-texts.ts';

/** One query or pair, by its place among those that count. */
interface UnitView<Units> {
  readonly units: Units;
  readonly at: number;
  readonly texts: SplitTexts;
}

export type QueryView = UnitView<QueryUnits>;
export type PairView = UnitView<PairUnits>;

/** A document that a search found. */
export interface HitView extends Hit {
  /** From 1. */
  readonly rank: number;
  readonly texts: SplitTexts;
}

export type PairOrderField = 'cosine' | 'grade';

interface OrderBy<Field extends string> {
  readonly field: Field;
  readonly direction: 'asc' | 'desc';
}

interface Request<Field extends string> {
  /** Absent or null = the order of the records. */
  readonly orderBy?: OrderBy<Field> | null | undefined;
  /** Only the unit of this id; absent or null = all. */
  readonly key?: string | null | undefined;
}

/** Why neither queries nor pairs are there; null where they are. */
export const unitsMissing = ({ unitsDigest }: EvaluationRow): string | null =>
  unitsDigest === null ? 'Versions before 0.3.0 kept none. Evaluate again to have them.' : null;

/** Null = none are kept, or the evaluation has pairs. */
export function queries(
  tandem: Tandem,
  row: EvaluationRow,
  { orderBy, key }: Request<QueryFigure>,
): Source<QueryView> | null {
  const { unitsDigest } = row;
  if (unitsDigest === null || row.task !== 'ir') return null;
  return numberedSource(['queries', row.id, orderBy, key], async () => {
    const units = (await readUnits(tandem.storage, unitsDigest)) as QueryUnits;
    const order = orderOf(units, key, orderBy && units.values[orderBy.field], orderBy?.direction);
    return inMemory(viewsOf(units, order, await textsOf(tandem, row)));
  });
}

/** Null = none are kept, or the evaluation has queries. */
export function pairs(
  tandem: Tandem,
  row: EvaluationRow,
  { orderBy, key }: Request<PairOrderField>,
): Source<PairView> | null {
  const { unitsDigest } = row;
  if (unitsDigest === null || row.task !== 'sts') return null;
  return numberedSource(['pairs', row.id, orderBy, key], async () => {
    const units = (await readUnits(tandem.storage, unitsDigest)) as PairUnits;
    const values = { cosine: units.cosines, grade: units.grades };
    const order = orderOf(units, key, orderBy && values[orderBy.field], orderBy?.direction);
    return inMemory(viewsOf(units, order, await textsOf(tandem, row)));
  });
}

export const hitsOf = ({ units, at, texts }: QueryView): HitView[] =>
  units.hits[at]!.map((hit, i) => ({ ...hit, rank: i + 1, texts }));

/** Places of the units in the order asked for; of equal values the earlier record is first in either direction. */
function orderOf(
  { ids }: { readonly ids: readonly string[] },
  key: string | null | undefined,
  values: Float64Array | null | undefined,
  direction: 'asc' | 'desc' = 'asc',
): number[] {
  const places = [...ids.keys()].filter((at) => key === undefined || key === null || ids[at] === key);
  const sign = direction === 'asc' ? 1 : -1;
  return values ? places.sort((a, b) => sign * (values[a]! - values[b]!) || a - b) : places;
}

const viewsOf = <Units>(units: Units, order: readonly number[], texts: SplitTexts): UnitView<Units>[] =>
  order.map((at) => ({ units, at, texts }));
