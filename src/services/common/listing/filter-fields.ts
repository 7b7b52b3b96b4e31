/** The fields of a filter, derived from the columns and edges of a list: what each takes, says and means. */
import { or, type SQL, sql } from 'drizzle-orm';
import type { NodeType } from '../../../db/global-id.ts';
import { nouns } from '../../../db/schema.ts';
import { inRange, isNullSql, type Range } from './ranges.ts';
import type { Expression, Is, Kind, List, ListColumn, ListEdge } from './types.ts';
import { parameterOf, parametersOf } from './values.ts';

/** What a field takes. */
export type Taken =
  | { readonly of: 'text' | 'boolean' }
  | { readonly of: 'enum'; readonly column: string }
  | { readonly of: 'range'; readonly kind: Kind; readonly nullable: boolean }
  | { readonly of: 'id'; readonly to: NodeType };

export interface FilterField {
  readonly takes: Taken;
  readonly many: boolean;
  /** A whole sentence. */
  readonly says: string;
  readonly where: (value: never) => SQL;
}

type Fields = Record<string, FilterField>;

const free = 'absent or null does not restrict';
const none = `${free}, and an empty list matches none`;

/** Texts are compared in one case and in the form NFKC, by the database on both sides. */
const contains = (column: Expression, text: string): SQL => hasIn(sql`search_form(${column})`, text);
const hasIn = (form: Expression, text: string): SQL => sql`strpos(${form}, search_form(${text})) > 0`;

export function filterFieldsOf(list: List): Fields {
  const { type, key, called, columns, searchForm, edges, conditions } = list;
  const own: Fields = type === null ? {} : { ids: idsField(type, key) };
  const searched = Object.values(columns).filter((column) => column.searched);
  const search: Fields = searched.length === 0 ? {} : { q: searchField(called, searched, searchForm) };
  return {
    ...own,
    ...search,
    ...merged(columns, (name, column) => (column.filtered ? columnFields(name, column, called) : {})),
    ...merged(edges, (name, edge) => edgeFields(name, edge, called)),
    ...merged(conditions, (name, { says, where }) => ({
      [name]: { takes: { of: 'text' as const }, many: false, says: `${says}; ${free}.`, where },
    })),
  };
}

const merged = <Part>(parts: Readonly<Record<string, Part>>, fieldsOf: (name: string, part: Part) => Fields): Fields =>
  Object.assign({}, ...Object.entries(parts).map(([name, part]) => fieldsOf(name, part)));

const plain = (expression: ListColumn['sql']) => expression as Expression;

const idsField = (type: NodeType, { sql: expression }: ListColumn): FilterField => ({
  takes: { of: 'id', to: type },
  many: true,
  says: `Only those with one of these ids; ${none}.`,
  where: (keys: readonly string[]) => sql`${plain(expression)} = any(${parametersOf('id', keys)})`,
});

const searchField = (called: string, searched: readonly ListColumn[], form: List['searchForm']): FilterField => ({
  takes: { of: 'text' },
  many: false,
  says: `Only ${called} with this in the ${searched.map(({ says }) => says).join(' or the ')}, in any case and any form of its characters; ${free}.`,
  where: (text: string) =>
    form ? hasIn(form, text) : or(...searched.map((column) => contains(searchable(column), text)))!,
});

const searchable = ({ kind, sql: expression }: ListColumn): Expression =>
  kind === 'tags' ? sql`array_to_string(${plain(expression)}, chr(10))` : plain(expression);

function columnFields(name: string, column: ListColumn, called: string): Fields {
  const { kind, says, nullable } = column;
  const only = `Only ${called} where the ${says}`;
  const own = plain(column.sql);
  if (kind === 'tags') return tagFields(name, own, called);
  if (kind === 'boolean') return { [name]: exactly({ of: 'boolean' }, kind, own, `${only} is this`) };
  if (kind === 'text' || kind === 'enum') {
    const takes: Taken = kind === 'enum' ? { of: 'enum', column: name } : { of: 'text' };
    return {
      [name]: exactly(takes, kind, own, `${only} is exactly this`),
      [`${name}In`]: {
        ...{ takes, many: true, says: `${only} is one of these; ${none}.` },
        where: (values: readonly unknown[]) => sql`${own} = any(${parametersOf(kind, values)})`,
      },
      ...(kind === 'text' && { [`${name}Contains`]: partly(own, `${only} has this in it`) }),
      ...(nullable && { [`${name}IsNull`]: absence(own, called, says) }),
    };
  }
  return {
    [name]: {
      ...{ takes: { of: 'range', kind, nullable }, many: false, says: `${only} is in this range; ${free}.` },
      where: (range: Range) => inRange(kind, own, range),
    },
  };
}

const exactly = (takes: Taken, kind: Kind, own: Expression, says: string): FilterField => ({
  ...{ takes, many: false, says: `${says}; ${free}.` },
  where: (value: unknown) => sql`${own} = ${parameterOf(kind, value)}`,
});

const partly = (own: Expression, says: string): FilterField => ({
  ...{ takes: { of: 'text' }, many: false, says: `${says}, in any case and any form of its characters; ${free}.` },
  where: (text: string) => contains(own, text),
});

const absence = (own: Expression, called: string, says: string): FilterField => ({
  ...{
    takes: { of: 'boolean' },
    many: false,
    says: `Only ${called} where the ${says} is null (true) or is not null (false); ${free}.`,
  },
  where: (isNull: boolean) => isNullSql(own, isNull),
});

/** Postgres' `@>` and `&&`: all of the tags, and any of them. */
function tagFields(name: string, own: Expression, called: string): Fields {
  const field = (operator: '@>' | '&&', says: string): FilterField => ({
    ...{ takes: { of: 'text' }, many: true, says },
    where: (tags: readonly string[]) => sql`${own} ${sql.raw(operator)} ${parametersOf('text', tags)}`,
  });
  return {
    [name]: field('@>', `Only ${called} that have all of these; ${free}, and an empty list matches all.`),
    [`${name}Any`]: field('&&', `Only ${called} that have any of these; ${none}.`),
  };
}

function edgeFields(name: string, { to, says, where, nullable }: ListEdge, called: string): Fields {
  const takes: Taken = { of: 'id', to };
  const noun = Object.values(nouns).find(({ type }) => type === to)!.called;
  const among =
    (keys: readonly string[]): Is =>
    (column) =>
      sql`${column} = any(${parametersOf('id', keys)})`;
  return {
    [name]: {
      ...{ takes, many: false, says: `Only ${called} ${says} this ${noun}; ${free}.` },
      where: (key: string) => where(among([key])),
    },
    [`${name}In`]: {
      ...{ takes, many: true, says: `Only ${called} ${says} a ${noun} that is one of these; ${none}.` },
      where: (keys: readonly string[]) => where(among(keys)),
    },
    ...(nullable && {
      [`${name}IsNull`]: {
        ...{ takes: { of: 'boolean' as const }, many: false },
        says: `Only ${called} ${says} no ${noun} (true) or ${says} one (false); ${free}.`,
        where: (isNull: boolean) => where((column) => isNullSql(column, isNull)),
      },
    }),
  };
}
