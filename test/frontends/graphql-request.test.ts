/** graphql-request: one request, one answer. */
import { ClientError, GraphQLClient, gql } from 'graphql-request';
import { beforeAll, describe, expect, inject } from 'vitest';
import { can, cannot } from './capabilities.ts';
import { lettersOf, type Made, makeCollections } from './collections.ts';

interface Page {
  readonly collections: {
    readonly nodes: readonly Made[];
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
  };
}

const page = gql`
  query Collections($filter: CollectionFilter, $orderBy: [CollectionOrder!], $first: Int, $after: String, $offset: Int) {
    collections(filter: $filter, orderBy: $orderBy, first: $first, after: $after, offset: $offset) {
      nodes { id name }
      pageInfo { endCursor hasNextPage }
    }
  }
`;

describe('graphql-request', () => {
  const client = new GraphQLClient(`${inject('url')}/graphql`, { headers: { 'x-graphql-yoga-csrf': 'frontends' } });
  const filter = { nameContains: 'request-' };
  const orderBy = [{ field: 'NAME', direction: 'ASC' }];
  let made: readonly Made[];
  beforeAll(async () => {
    made = await makeCollections(inject('url'), inject('alias'), 'request');
  });

  can('graphql-request', 'list', async () => {
    const { collections } = await client.request<Page>(page, { filter });
    expect(collections.nodes.map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
  });

  can('graphql-request', 'page', async () => {
    const first = await client.request<Page>(page, { filter, orderBy, first: 2 });
    const after = first.collections.pageInfo.endCursor;
    const second = await client.request<Page>(page, { filter, orderBy, first: 2, after });
    const third = await client.request<Page>(page, { filter, orderBy, first: 2, offset: 4 });
    expect([first, second, third].map(({ collections }) => lettersOf(collections.nodes))).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e'],
    ]);
    expect(third.collections.pageInfo.hasNextPage).toBe(false);
  });

  can('graphql-request', 'sort', async () => {
    const descending = await client.request<Page>(page, { filter, orderBy: [{ field: 'NAME', direction: 'DESC' }] });
    expect(lettersOf(descending.collections.nodes)).toEqual(['e', 'd', 'c', 'b', 'a']);
    const byTime = [{ field: 'CREATED_AT', direction: 'ASC' }];
    const asMade = await client.request<Page>(page, { filter, orderBy: byTime });
    expect(asMade.collections.nodes).toEqual(made);
  });

  can('graphql-request', 'filter', async () => {
    const either = { or: [{ name: 'request-d' }, { nameIn: ['request-b'] }] };
    const { collections } = await client.request<Page>(page, { filter: either, orderBy });
    expect(lettersOf(collections.nodes)).toEqual(['b', 'd']);
  });

  can('graphql-request', 'getMany', async () => {
    const [a, , b] = made;
    const document = gql`query Many($ids: [ID!]!) { nodes(ids: $ids) { id ... on Collection { name } } }`;
    const { nodes } = await client.request<{ nodes: (Made | null)[] }>(document, { ids: [b.id, a.id] });
    expect(nodes).toEqual([b, a]);
  });

  can('graphql-request', 'update', async () => {
    const document = gql`
      mutation Update($input: UpdateCollectionInput!) { updateCollection(input: $input) { collection { id notes updatedAt } } }
    `;
    type Updated = { updateCollection: { collection: { id: string; notes: string; updatedAt: string } } };
    const [, { id }] = made;
    const { updateCollection } = await client.request<Updated>(document, {
      input: { id, notes: 'by graphql-request' },
    });
    expect(updateCollection.collection).toMatchObject({ id, notes: 'by graphql-request' });
    const ifUpdatedAt = new Date(Date.parse(updateCollection.collection.updatedAt) - 1).toISOString();
    const stale = client.request(document, { input: { id, notes: 'late', ifUpdatedAt } });
    await expect(stale).rejects.toSatisfy((error) => codeOf(error) === 'CONFLICT');
  });

  can('graphql-request', 'delete', async () => {
    const [{ id }] = await makeCollections(inject('url'), inject('alias'), 'gone-by-request');
    const document = gql`mutation Delete($id: ID!) { deleteCollection(id: $id) { deletedId } }`;
    expect(await client.request(document, { id })).toEqual({ deleteCollection: { deletedId: id } });
    await expect(client.request(document, { id })).rejects.toSatisfy((error) => codeOf(error) === 'NOT_FOUND');
  });

  cannot('graphql-request', 'live', 'it sends one request and reads one answer', async () => {
    const document = gql`subscription Changes { changes { seq } }`;
    const refused = await client.request(document).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Error);
    expect(String(refused)).toContain('text/event-stream');
  });
});

const codeOf = (error: unknown): unknown =>
  error instanceof ClientError ? error.response.errors?.[0]?.extensions?.['code'] : undefined;
