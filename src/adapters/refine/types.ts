/**
 * Refine's types, by their shape: what is made here fits where `@refinedev/core` expects its own, and nothing of it has
 * to be installed to build this package.
 */
import type { Filter } from '../common/filters.ts';
import type { Order } from '../common/orders.ts';

type Key = string | number;

type Logical =
  | ('eq' | 'ne' | 'eqs' | 'nes' | 'lt' | 'gt' | 'lte' | 'gte' | 'in' | 'nin' | 'ina' | 'nina')
  | ('contains' | 'ncontains' | 'containss' | 'ncontainss' | 'between' | 'nbetween' | 'null' | 'nnull')
  | ('startswith' | 'nstartswith' | 'startswiths' | 'nstartswiths')
  | ('endswith' | 'nendswith' | 'endswiths' | 'nendswiths');

export interface LogicalFilter {
  readonly field: string;
  readonly operator: Logical;
  readonly value: unknown;
}

interface ConditionalFilter {
  readonly operator: 'or' | 'and';
  readonly value: readonly CrudFilter[];
}

export type CrudFilter = LogicalFilter | ConditionalFilter;

/** What a page may say besides what Refine knows. */
export interface Meta {
  readonly fields?: unknown;
  readonly filter?: Filter;
  readonly orderBy?: readonly Order[];
  readonly evaluation?: unknown;
  readonly mutation?: string;
  readonly gqlQuery?: unknown;
  readonly gqlMutation?: unknown;
  readonly gqlVariables?: Readonly<Record<string, unknown>>;
  readonly queryContext?: { readonly signal?: AbortSignal };
}

interface Of {
  readonly resource: string;
  readonly meta?: Meta;
}

export interface ListParams extends Of {
  readonly pagination?: {
    readonly currentPage?: number;
    readonly pageSize?: number;
    readonly mode?: 'client' | 'server' | 'off';
  };
  readonly sorters?: readonly { readonly field: string; readonly order: 'asc' | 'desc' }[];
  readonly filters?: readonly CrudFilter[];
}

interface CustomParams<Payload> {
  readonly url: string;
  readonly method: string;
  readonly payload?: Payload;
  readonly meta?: Meta;
}

export interface DataProvider {
  getList<Row>(params: ListParams): Promise<{ data: Row[]; total: number }>;
  getOne<Row>(params: Of & { readonly id: Key }): Promise<{ data: Row }>;
  getMany<Row>(params: Of & { readonly ids: readonly Key[] }): Promise<{ data: Row[] }>;
  create<Row, Values>(params: Of & { readonly variables: Values }): Promise<{ data: Row }>;
  update<Row, Values>(params: Of & { readonly id: Key; readonly variables: Values }): Promise<{ data: Row }>;
  updateMany<Row, Values>(
    params: Of & { readonly ids: readonly Key[]; readonly variables: Values },
  ): Promise<{ data: Row[] }>;
  deleteOne<Row, Values>(params: Of & { readonly id: Key; readonly variables?: Values }): Promise<{ data: Row }>;
  deleteMany<Row, Values>(
    params: Of & { readonly ids: readonly Key[]; readonly variables?: Values },
  ): Promise<{ data: Row[] }>;
  custom<Row, _Query, Payload>(params: CustomParams<Payload>): Promise<{ data: Row }>;
  getApiUrl(): string;
}

interface LiveEvent {
  channel: string;
  type: string;
  payload: { ids?: Key[] };
  date: Date;
}

interface Subscription {
  readonly channel: string;
  readonly types: readonly string[];
  readonly callback: (event: LiveEvent) => void;
  readonly params?: { readonly resource?: string; readonly id?: Key; readonly ids?: readonly Key[] };
}

export interface LiveProvider {
  /** Returns what ends it. */
  subscribe(subscription: Subscription): () => void;
  unsubscribe(stop: () => void): void;
}
