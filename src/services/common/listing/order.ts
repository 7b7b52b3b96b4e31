/** `orderBy` as SQL: null is last in either direction, and the key of the list ends it, so that an order is total. */
import { and, isNotNull, isNull, or, type SQL, sql } from 'drizzle-orm';
import { badInput, invariant } from '../../../errors.ts';
import type { Expression, Kept, Kind, List, ListColumn, Order, Place, Window } from './types.ts';
import { parameterOf, textOf } from './values.ts';

/** One term of an order. */
export interface Term {
  readonly sql: Expression;
  readonly kind: Kind;
  readonly nullable: boolean;
  readonly direction: 'asc' | 'desc';
  /** Where the values lie in order, if that is not the table of the list. */
  readonly kept?: Kept | undefined;
}

/** More terms say nothing more. */
const mostTerms = 10;

/** The terms of an order that was asked for, or of the list's own. */
export function termsOf(list: List, asked: readonly Order[] | null | undefined, field = 'orderBy'): Term[] {
  const order = asked && asked.length > 0 ? asked : list.order;
  if (order.length > mostTerms) {
    throw badInput(`${field} has ${order.length} terms`, {
      field,
      expected: `at most ${mostTerms} terms`,
      remedy: 'Leave the last ones out: they decide only between items that are equal in all before.',
    });
  }
  const terms = order.map((one, i) => termOf(list, one, `${field}.${i}`));
  const key = fixed(list.key);
  if (terms.some((term) => term.sql === key)) return terms;
  const { kind, nullable } = list.key;
  return [...terms, { kind, nullable, sql: key, direction: terms.at(-1)!.direction }];
}

function termOf(list: List, order: Order, field: string): Term {
  const column = list.columns[order.field];
  invariant(column, `no column ${order.field} in the list ${list.name}`);
  refuseIdleArguments(list, column, order, field);
  const { kind, nullable } = column;
  return {
    kind,
    nullable,
    direction: order.direction,
    sql: column.argument ? called(column, order, field) : fixed(column),
    kept: column.argument ? column.kept?.(order[column.argument] as never) : undefined,
  };
}

function fixed({ sql: expression }: ListColumn): Expression {
  invariant(typeof expression !== 'function', 'a column that needs an argument');
  return expression;
}

function called({ sql: expression, argument = '', says }: ListColumn, order: Order, field: string): SQL {
  invariant(typeof expression === 'function', 'a column without an argument');
  const given = order[argument];
  if (given) return expression(given as never);
  throw badInput(`The order by the ${says} does not say of what`, {
    field: `${field}.${argument}`,
    expected: 'what the values are of',
    remedy: `Give ${argument}, or order by another field.`,
  });
}

/** An argument that the field has no use for would be ignored. */
function refuseIdleArguments({ columns }: List, column: ListColumn, order: Order, field: string): void {
  const names = Object.values(columns).flatMap(({ argument }) => (argument ? [argument] : []));
  const idle = names.find((name) => name !== column.argument && order[name]);
  if (idle === undefined) return;
  throw badInput(`The order by the ${column.says} takes no ${idle}`, {
    field: `${field}.${idle}`,
    expected: 'nothing there',
    remedy: `Leave ${idle} out, or order by the field that takes it.`,
  });
}

const isAscending = ({ direction }: Term, backwards: boolean): boolean => (direction === 'asc') !== backwards;

export const orderSql = (terms: readonly Term[], backwards: boolean): SQL[] =>
  terms.map((term) => {
    const way = isAscending(term, backwards) ? sql`asc` : sql`desc`;
    // Where nothing is null the words would keep an index from being used.
    if (!term.nullable) return sql`${term.sql} ${way}`;
    return sql`${term.sql} ${way} ${backwards ? sql`nulls first` : sql`nulls last`}`;
  });

/** Where a row stands: text[]. */
export const placeSql = (terms: readonly Term[]): SQL<Place> =>
  sql`array[${sql.join(
    terms.map((term) => textOf(term.kind, term.sql)),
    sql`, `,
  )}]::text[]`;

/** Items that follow each other in an order, by an order of their own that an index has. */
export interface Stretch {
  readonly terms: readonly Term[];
  readonly condition: SQL | undefined;
  /** What has the values of the first term, and the key, in the order of an index. */
  readonly kept?: Kept | undefined;
}

/**
 * The part of an order that a window shows, in one or two stretches, which follow each other in the direction of the
 * window. Where the first term may be null the rows without a value come apart: then one index of the columns serves
 * both directions, and a bound is a comparison of rows, which an index finds at once. `key`: of the list.
 */
export function stretchesOf(terms: readonly Term[], key: Expression, { after, before, backwards }: Bounds): Stretch[] {
  const [first, ...rest] = terms as [Term, ...Term[]];
  const isOneWay = rest.every(({ nullable, direction }) => !nullable && direction === first.direction);
  if (!first.nullable || !isOneWay) {
    return [{ terms, condition: and(bound(terms, after, false), bound(terms, before, true)) }];
  }
  const { kept } = first;
  const values = [
    { ...first, sql: kept?.value ?? first.sql, nullable: false },
    ...rest.map((term) => (kept && term.sql === key ? { ...term, sql: kept.key } : term)),
  ];
  const isMissing = kept ? sql`not exists (select from ${kept.table} where ${kept.on})` : isNull(first.sql);
  const isThere = kept ? undefined : isNotNull(first.sql);
  const isIn = (place: Place | null, isNullThere: boolean): boolean =>
    place !== null && (place[0] === null) === isNullThere;
  const within = (part: readonly Term[], isNullThere: boolean): SQL | undefined =>
    and(
      isNullThere ? isMissing : isThere,
      isIn(after, isNullThere) ? beyond(part, placeIn(part, after!), false) : undefined,
      isIn(before, isNullThere) ? beyond(part, placeIn(part, before!), true) : undefined,
    );
  const inOrder = [
    ...(isIn(after, true) ? [] : [{ terms: values, condition: within(values, false), kept }]),
    ...(isIn(before, false) ? [] : [{ terms: rest, condition: within(rest, true) }]),
  ];
  return backwards ? inOrder.reverse() : inOrder;
}

/** Of the last terms of an order. */
const placeIn = (last: readonly Term[], place: Place): Place => place.slice(place.length - last.length);

type Bounds = Pick<Window, 'after' | 'before' | 'backwards'>;

const bound = (terms: readonly Term[], place: Place | null, backwards: boolean): SQL | undefined =>
  place === null ? undefined : beyond(terms, place, backwards);

/** What comes strictly behind a place or, backwards, strictly before it. */
function beyond(terms: readonly Term[], place: Place, backwards: boolean): SQL | undefined {
  const [first] = terms;
  const isOneWay = terms.every((term) => !term.nullable && term.direction === first!.direction);
  if (isOneWay) {
    const rows = (parts: readonly unknown[]) => sql`(${sql.join(parts as SQL[], sql`, `)})`;
    const values = rows(terms.map(({ kind }, i) => parameterOf(kind, place[i])));
    return sql`${rows(terms.map((term) => term.sql))} ${isAscending(first!, backwards) ? sql`>` : sql`<`} ${values}`;
  }
  const parts = terms.map((term, i) => {
    const same = terms.slice(0, i).map((earlier, j) => isSame(earlier, place[j] ?? null));
    return and(...same, isBeyond(term, place[i] ?? null, backwards));
  });
  return or(...parts);
}

const isSame = ({ sql: expression, kind }: Term, value: string | null): SQL =>
  value === null ? isNull(expression) : sql`${expression} = ${parameterOf(kind, value)}`;

function isBeyond(term: Term, value: string | null, backwards: boolean): SQL {
  if (value === null) return backwards ? isNotNull(term.sql) : sql`false`;
  const further = sql`${term.sql} ${isAscending(term, backwards) ? sql`>` : sql`<`} ${parameterOf(term.kind, value)}`;
  return term.nullable && !backwards ? sql`(${further} or ${term.sql} is null)` : further;
}
