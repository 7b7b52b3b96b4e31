/** The operations on any noun. Each answers under the alias `answer`, so that one reader does for all. */
import type { Operation } from '../../client/index.ts';
import { refused } from './resource.ts';
import type { Resource, ResourceMutation } from './types.ts';

/** An operation that answers with an `Answer`. */
export type Answering<Answer> = Operation<
  'query' | 'mutation',
  { readonly answer: Answer },
  Readonly<Record<string, unknown>>
>;

export interface Connection<Row> {
  /** Absent where it was not asked for. */
  readonly totalCount?: number;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly nodes: readonly Row[];
}

const operation = <Answer>(kind: 'query' | 'mutation', name: string, rest: string): Answering<Answer> => ({
  kind,
  name,
  text: `${kind} ${name}${rest}`,
});

/** A page of a list; `$total` says whether the length of the list is counted. */
export function listDocument<Row>({ list, type, orders }: Resource, selection: string): Answering<Connection<Row>> {
  const order = orders.length > 0;
  const variables = `$first: Int, $offset: Int, $after: String, $total: Boolean!, $filter: ${type}Filter`;
  const given = 'first: $first, offset: $offset, after: $after, filter: $filter';
  return operation(
    'query',
    `${type}List`,
    `(${variables}${order ? `, $orderBy: [${type}Order!]` : ''}) {
  answer: ${list}(${given}${order ? ', orderBy: $orderBy' : ''}) {
    totalCount @include(if: $total)
    pageInfo { hasNextPage endCursor }
    nodes { ${selection} }
  }
}`,
  );
}

/** One node; null once it is gone. */
export const oneDocument = <Row>({ type }: Resource, selection: string): Answering<Row | null> =>
  operation('query', `${type}One`, `($id: ID!) { answer: node(id: $id) { ... on ${type} { ${selection} } } }`);

/** Several nodes, in the order of their ids; null for each that is gone. */
export const manyDocument = <Row>({ type }: Resource, selection: string): Answering<readonly (Row | null)[]> =>
  operation('query', `${type}Many`, `($ids: [ID!]!) { answer: nodes(ids: $ids) { ... on ${type} { ${selection} } } }`);

/** A mutation with one argument, whose payload is read by {@link ResourceMutation.place}. */
export function changeDocument(
  { name, type, place, besides = [] }: ResourceMutation,
  argument: 'input' | 'id' | 'ids',
  selection: string,
): Answering<Readonly<Record<string, unknown>>> {
  const inner =
    place === undefined ? '__typename' : place === '' ? selection : [`${place} { ${selection} }`, ...besides].join(' ');
  const title = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  return operation(
    'mutation',
    title,
    `($${argument}: ${type}) { answer: ${name}(${argument}: $${argument}) { ${inner} } }`,
  );
}

/** The mutation, where the noun has it. Throws {@link refused} where it has none. */
export function mutationOf(
  { list }: Resource,
  done: string,
  mutation: ResourceMutation | null | undefined,
): ResourceMutation {
  if (mutation) return mutation;
  throw refused(`${list} cannot be ${done}`, {
    field: 'resource',
    expected: `a resource that can be ${done}`,
    remedy: 'Take the action off the page of this resource.',
  });
}
