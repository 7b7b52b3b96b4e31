/** What a list is: columns and edges as data, and what is asked of it. */
import type { AnyColumn, SQL } from 'drizzle-orm';
import type { PgTable, PgView } from 'drizzle-orm/pg-core';
import type { NodeType } from '../../../db/global-id.ts';

export type Kind = 'text' | 'enum' | 'boolean' | 'int' | 'int64' | 'float' | 'date' | 'tags' | 'id';

/** What has a value in every row. */
export type Expression = AnyColumn | SQL | SQL.Aliased;

/** A column under the name of its field in the API. */
/** A table with one row for each row of a list that has a value, with an index of value and key. */
export interface Kept {
  readonly table: PgTable;
  /** What joins it to the list. */
  readonly on: SQL;
  readonly value: Expression;
  /** The key of the list. */
  readonly key: Expression;
}

export interface ListColumn {
  readonly kind: Kind;
  /** A function where an order has to say more, in its field `argument`. */
  readonly sql: Expression | ((argument: never) => SQL);
  readonly argument?: string;
  /** Where the values lie in order, if that is not the table of the list. */
  readonly kept?: (argument: never) => Kept;
  readonly nullable: boolean;
  /** A phrase behind "where the", such as "name". */
  readonly says: string;
  /** Whether its values may change while a client pages. */
  readonly changes: boolean;
  readonly filtered: boolean;
  readonly sorted: boolean;
  /** Whether `q` looks into it. */
  readonly searched: boolean;
}

/** Restricts a column to what a filter names. */
export type Is = (column: Expression) => SQL;

/** A relation to another noun: a filter by its ids, and the way from one of these to its part of the list. */
export interface ListEdge {
  readonly to: NodeType;
  readonly where: (is: Is) => SQL;
  /** A phrase between the plural and "this model", such as "that train". */
  readonly says: string;
  readonly nullable: boolean;
}

/** A filter by a text that is no column. */
export interface ListCondition {
  readonly where: (value: string) => SQL;
  /** A sentence without its end, such as "Only jobs begun with this key". */
  readonly says: string;
}

export interface Order {
  readonly field: string;
  readonly direction: 'asc' | 'desc';
  readonly [argument: string]: unknown;
}

export type Filter = Readonly<Record<string, unknown>>;

export interface List {
  /** Its name in cursors: the table, or what it is of. */
  readonly name: string;
  /** The node type of its rows; null where they have no id of their own. */
  readonly type: NodeType | null;
  readonly table: PgTable | PgView;
  /** In the plural, for descriptions. */
  readonly called: string;
  /** Last in every order: unique in the list. */
  readonly key: ListColumn;
  readonly columns: Readonly<Record<string, ListColumn>>;
  /** A column with the texts of all searched columns in the form in which they are compared; null = there is none. */
  readonly searchForm: Expression | null;
  readonly edges: Readonly<Record<string, ListEdge>>;
  readonly conditions: Readonly<Record<string, ListCondition>>;
  /** Where none is asked for. */
  readonly order: readonly Order[];
}

/** Where an item stands in an order: the values of its terms as texts that give the same values again. */
export type Place = readonly (string | null)[];

export interface Item<Row> {
  readonly node: Row;
  readonly place: Place;
}

/** Items strictly between two places, from the first on or, backwards, from the last; always in the list's order. */
export interface Window {
  readonly limit: number;
  readonly offset: number;
  readonly backwards: boolean;
  readonly after: Place | null;
  readonly before: Place | null;
}

/** What a connection shows, whatever it lies in. */
export interface Source<Row> {
  items(window: Window): Promise<readonly Item<Row>[]>;
  count(): Promise<number>;
  cursor(place: Place): string;
  /** Throws BAD_USER_INPUT for a text that is no cursor, and for one of another list, order or filter. */
  place(cursor: string, field: string): Place;
}
