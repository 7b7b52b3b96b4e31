/**
 * React-admin's types, by their shape: what is made here fits where `ra-core` expects its own, and nothing of it has to
 * be installed to build this package.
 */
import type { Filter } from '../common/filters.ts';
import type { Order } from '../common/orders.ts';
import type { Fields } from '../common/selection.ts';

type Identifier = string | number;

/** What a page may say besides what React-admin knows. */
export interface Meta {
  readonly fields?: Fields;
  readonly filter?: Filter;
  readonly orderBy?: readonly Order[];
  readonly count?: boolean;
  readonly evaluation?: unknown;
  readonly mutation?: string;
}

interface Call {
  readonly meta?: Meta;
  readonly signal?: AbortSignal;
}

export interface ListParams extends Call {
  readonly pagination?: { readonly page: number; readonly perPage: number };
  readonly sort?: { readonly field: string; readonly order: 'ASC' | 'DESC' };
  readonly filter?: Readonly<Record<string, unknown>>;
}

interface ReferenceParams extends ListParams {
  readonly target: string;
  readonly id: Identifier;
}

export interface ListResult<Row> {
  data: Row[];
  total?: number;
  pageInfo?: { hasNextPage?: boolean; hasPreviousPage?: boolean };
}

type Values = Readonly<Record<string, unknown>>;

export interface DataProvider {
  readonly supportAbortSignal: true;
  getList<Row>(resource: string, params: ListParams): Promise<ListResult<Row>>;
  getOne<Row>(resource: string, params: Call & { readonly id: Identifier }): Promise<{ data: Row }>;
  getMany<Row>(resource: string, params: Call & { readonly ids: readonly Identifier[] }): Promise<{ data: Row[] }>;
  getManyReference<Row>(resource: string, params: ReferenceParams): Promise<ListResult<Row>>;
  create<Values, Row>(resource: string, params: Call & { readonly data: Partial<Values> }): Promise<{ data: Row }>;
  update<Row>(
    resource: string,
    params: Call & { readonly id: Identifier; readonly data: Values; readonly previousData?: Values },
  ): Promise<{ data: Row }>;
  updateMany(
    resource: string,
    params: Call & { readonly ids: readonly Identifier[]; readonly data: Values },
  ): Promise<{ data: Identifier[] }>;
  delete<Row>(resource: string, params: Call & { readonly id: Identifier }): Promise<{ data: Row }>;
  deleteMany(resource: string, params: Call & { readonly ids: readonly Identifier[] }): Promise<{ data: Identifier[] }>;
}
