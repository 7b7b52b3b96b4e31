/** How a noun describes its list. Kinds and nullability of columns are those of the table. */
import { type AnyColumn, Column, is, type SQL } from 'drizzle-orm';
import type { NodeType } from '../../../db/global-id.ts';
import { nouns } from '../../../db/schema.ts';
import { invariant } from '../../../errors.ts';
import type { Expression, Is, Kind, List, ListColumn, ListCondition, ListEdge } from './types.ts';

const kinds: Readonly<Record<string, Kind>> = {
  PgText: 'text',
  PgArray: 'tags',
  PgBoolean: 'boolean',
  PgInteger: 'int',
  PgBigInt53: 'int64',
  PgDoublePrecision: 'float',
  PgTimestamp: 'date',
  PgUUID: 'id',
};

type Traits = Partial<
  Pick<ListColumn, 'kind' | 'nullable' | 'changes' | 'filtered' | 'sorted' | 'searched' | 'argument' | 'kept'>
>;

/** `says` is a phrase behind "where the". Of an expression, and of an enum kept as plain text, the kind is given. */
export function column(sql: ListColumn['sql'], says: string, traits: Traits = {}): ListColumn {
  const own = is(sql, Column) ? sql : null;
  const kind = traits.kind ?? (own?.enumValues ? 'enum' : kinds[own?.columnType ?? '']);
  invariant(kind, `the column of the ${says} has no kind`);
  const usual = { filtered: true, sorted: kind !== 'tags', searched: false, changes: false };
  return { ...usual, nullable: own ? !own.notNull : false, ...traits, sql, says, kind };
}

/** `says` stands between the plural of the list and "this model". */
export const edge = (to: NodeType, says: string, where: (is: Is) => SQL, nullable = false): ListEdge => ({
  ...{ to, says, where, nullable },
});

/** The edge that a column is. */
export const columnEdge = (to: NodeType, says: string, key: AnyColumn): ListEdge =>
  edge(to, says, (matches) => matches(key), !key.notNull);

/** What every noun has. */
export const changed = (table: { readonly updatedAt: AnyColumn }) => ({
  updatedAt: column(table.updatedAt, 'time of its last change', { changes: true }),
});

/** What nouns have that people edit. */
export const edited = (table: {
  readonly notes: AnyColumn;
  readonly tags: AnyColumn;
  readonly updatedAt: AnyColumn;
}) => ({
  notes: column(table.notes, 'text of the notes', { searched: true, sorted: false }),
  tags: column(table.tags, 'tags', { searched: true }),
  ...changed(table),
});

/** What is shown of a job, by itself or as the work of a run or a search. */
const saysOfJob = {
  state: 'state',
  attempt: 'number of the last attempt',
  startedAt: 'time at which the first attempt began',
  finishedAt: 'time of its end',
} as const;

/** Those of them that the table or view of a noun has. */
export const ofJob = <Name extends keyof typeof saysOfJob>(
  table: Readonly<Record<NoInfer<Name>, Expression>>,
  names: readonly Name[],
): Record<Name, ListColumn> =>
  Object.fromEntries(
    names.map((name) => {
      const traits = { changes: true, ...(name === 'state' && { kind: 'enum' as const }) };
      return [name, column(table[name], saysOfJob[name], traits)];
    }),
  ) as Record<Name, ListColumn>;

interface Parts {
  readonly called: string;
  readonly columns: Readonly<Record<string, ListColumn>>;
  readonly searchForm?: List['searchForm'];
  readonly edges?: Readonly<Record<string, ListEdge>>;
  readonly conditions?: Readonly<Record<string, ListCondition>>;
  readonly order?: List['order'];
}

const newestFirst: List['order'] = [{ field: 'createdAt', direction: 'desc' }];

/** The list of a noun, newest first. */
export function nounList(name: keyof typeof nouns, parts: Parts): List {
  const { table, type } = nouns[name];
  return listOf(name, { table, type, key: column(table.id, 'id'), ...parts });
}

/** A list of rows that are no nouns. */
export const listOf = (
  name: string,
  parts: Parts & Pick<List, 'table' | 'key'> & Partial<Pick<List, 'type'>>,
): List => ({
  ...{ type: null, searchForm: null, edges: {}, conditions: {}, order: newestFirst },
  ...parts,
  name,
});
