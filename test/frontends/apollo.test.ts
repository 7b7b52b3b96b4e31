/** Apollo Client with its cache: queries over its HttpLink, subscriptions over the link of tandem-apollo. */
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import { followBy, isSubscription } from 'tandem-apollo';
import { CreateApiKeyDocument, createClient, RevokeApiKeyDocument } from 'tandem-client';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { WebSocket } from 'ws';
import { can } from './capabilities.ts';
import { lettersOf, type Made, makeCollections } from './collections.ts';

interface Page {
  readonly collections: {
    readonly totalCount: number;
    readonly edges: readonly { readonly node: Made & { readonly notes: string } }[];
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean };
  };
}

const page = gql`
  query Collections($filter: CollectionFilter, $orderBy: [CollectionOrder!], $first: Int, $after: String, $offset: Int) {
    collections(filter: $filter, orderBy: $orderBy, first: $first, after: $after, offset: $offset) {
      totalCount
      edges { cursor node { id name notes } }
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
    }
  }
`;
const update = gql`
  mutation Update($input: UpdateCollectionInput!) { updateCollection(input: $input) { collection { id notes } } }
`;
const changes = gql`
  subscription Changes($types: [NodeType!]) {
    changes(types: $types) { seq change { kind nodeId node { id ... on Collection { name notes } } } }
  }
`;

describe('Apollo', () => {
  const tandem = createClient({ url: inject('url') });
  const http = new HttpLink({ uri: tandem.url, headers: { 'x-graphql-yoga-csrf': 'frontends' } });
  const collections = relayStylePagination(['filter', 'orderBy', 'offset']);
  const apollo = new ApolloClient({
    link: ApolloLink.split(isSubscription, new ApolloLink(followBy(tandem)), http),
    cache: new InMemoryCache({ typePolicies: { Query: { fields: { collections } } } }),
  });
  const filter = { nameContains: 'apollo-' };
  const orderBy = [{ field: 'NAME', direction: 'ASC' }];
  let made: readonly Made[];
  beforeAll(async () => {
    made = await makeCollections(inject('url'), inject('alias'), 'apollo');
  });

  const pageOf = async (variables: object): Promise<Page['collections']> => {
    const { data } = await apollo.query<Page>({ query: page, variables, fetchPolicy: 'network-only' });
    return data!.collections;
  };
  const letters = ({ edges }: Page['collections']): string[] => lettersOf(edges.map(({ node }) => node));

  can('Apollo', 'list', async () => {
    const { edges, totalCount } = await pageOf({ filter });
    expect(edges.map(({ node }) => node.id).sort()).toEqual(made.map(({ id }) => id).sort());
    expect(totalCount).toBe(5);
  });

  can('Apollo', 'page', async () => {
    const query = apollo.watchQuery<Page>({ query: page, variables: { filter, orderBy, first: 2 } });
    const cursors = new Set<string | null>();
    // relayStylePagination joins what comes to what is there, and Apollo tells it to who watches.
    const all = await new Promise<Page['collections']>((resolve, reject) => {
      query.subscribe({
        next: ({ data, dataState }) => {
          if (dataState !== 'complete') return;
          const { endCursor, hasNextPage } = data.collections.pageInfo;
          if (!hasNextPage) return resolve(data.collections);
          if (cursors.has(endCursor)) return;
          cursors.add(endCursor);
          query.fetchMore({ variables: { after: endCursor } }).catch(reject);
        },
        error: reject,
      });
    });
    query.stop();
    expect(letters(all)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(cursors.size).toBe(2);
    expect(letters(await pageOf({ filter, orderBy, first: 2, offset: 3 }))).toEqual(['d', 'e']);
  });

  can('Apollo', 'sort', async () => {
    expect(letters(await pageOf({ filter, orderBy: [{ field: 'NAME', direction: 'DESC' }] }))).toEqual([
      ...['e', 'd', 'c', 'b', 'a'],
    ]);
  });

  can('Apollo', 'filter', async () => {
    expect(letters(await pageOf({ filter: { q: 'APOLLO-B' }, orderBy }))).toEqual(['b']);
    expect(letters(await pageOf({ filter: { nameIn: [] } }))).toEqual([]);
  });

  can('Apollo', 'getMany', async () => {
    const query = gql`query Many($ids: [ID!]!) { nodes(ids: $ids) { id ... on Collection { name } } }`;
    const ids = made.map(({ id }) => id).reverse();
    const { data } = await apollo.query<{ nodes: Made[] }>({ query, variables: { ids } });
    expect(data!.nodes.map(({ id }) => id)).toEqual(ids);
  });

  can('Apollo', 'update', async () => {
    const [{ id, name }] = made;
    const variables = { filter: { name } };
    await apollo.query<Page>({ query: page, variables, fetchPolicy: 'network-only' });
    await apollo.mutate({ mutation: update, variables: { input: { id, notes: 'by Apollo' } } });
    // The list is fresh without another request: the cache knows the node by its id.
    const cached = apollo.cache.readQuery<Page>({ query: page, variables });
    expect(cached!.collections.edges[0].node.notes).toBe('by Apollo');
  });

  can('Apollo', 'delete', async () => {
    const [{ id }] = await makeCollections(inject('url'), inject('alias'), 'gone-by-apollo');
    const mutation = gql`mutation Delete($id: ID!) { deleteCollection(id: $id) { deletedId } }`;
    const { data } = await apollo.mutate({ mutation, variables: { id } });
    expect(data).toMatchObject({ deleteCollection: { deletedId: id } });
    const again = await apollo.mutate({ mutation, variables: { id } }).catch((error: unknown) => error);
    expect(CombinedGraphQLErrors.is(again) && again.errors[0].extensions?.['code']).toBe('NOT_FOUND');
  });

  can('Apollo', 'live', async () => {
    const [, { id, name }] = made;
    const seen = await new Promise((resolve, reject) => {
      interface Event {
        readonly changes: { readonly change: { readonly kind: string; readonly nodeId: string } | null };
      }
      const variables = { types: ['COLLECTION'] };
      const subscription = apollo.subscribe<Event>({ query: changes, variables }).subscribe(({ data, error }) => {
        if (error) return reject(error);
        if (data?.changes.change === null) {
          void apollo.mutate({ mutation: update, variables: { input: { id, notes: 'seen by Apollo' } } });
        } else if (data?.changes.change?.nodeId === id) {
          subscription.unsubscribe();
          resolve(data.changes.change);
        }
      });
    });
    // With __typename, which the cache needs: the operation is sent as Apollo has completed it.
    expect(seen).toMatchObject({ kind: 'UPDATED', node: { __typename: 'Collection', name, notes: 'seen by Apollo' } });
    const refused = await new Promise((resolve) => {
      apollo.subscribe({ query: changes, variables: { types: ['NO_SUCH_TYPE'] } }).subscribe(({ error }) => {
        resolve(error);
      });
    });
    expect(CombinedGraphQLErrors.is(refused)).toBe(true);
  });

  it('sends a key with its requests and its subscriptions', async () => {
    const input = { name: 'a viewer by Apollo', role: 'VIEWER' } as const;
    const { createApiKey } = await tandem.execute(CreateApiKeyDocument, { input });
    const headers = { authorization: `Bearer ${createApiKey.key}` };
    const viewer = createClient({ url: inject('url'), headers, webSocket: WebSocket });
    const client = new ApolloClient({
      link: ApolloLink.split(
        isSubscription,
        new ApolloLink(followBy(viewer)),
        new HttpLink({ uri: viewer.url, headers }),
      ),
      cache: new InMemoryCache(),
    });
    const { data } = await client.query<{ caller: { name: string } }>({ query: gql`query Caller { caller { name } }` });
    expect(data!.caller.name).toBe('a viewer by Apollo');
    const variables = { input: { id: made[0].id, notes: 'by a viewer' } };
    const refused = await client.mutate({ mutation: update, variables }).catch((error: unknown) => error);
    expect(CombinedGraphQLErrors.is(refused) && refused.errors[0].extensions?.['code']).toBe('FORBIDDEN');
    const first = new Promise((resolve, reject) => {
      client.subscribe({ query: changes, variables: { types: ['COLLECTION'] } }).subscribe({
        next: ({ data: event, error }) => (error ? reject(error) : resolve(event)),
      });
    });
    expect(await first).toMatchObject({ changes: { change: null } });
    await tandem.execute(RevokeApiKeyDocument, { id: createApiKey.apiKey.id });
    const again = client.query({ query: gql`query Again { caller { name } }`, fetchPolicy: 'network-only' });
    const ended = await again.catch((error: unknown) => error);
    expect(CombinedGraphQLErrors.is(ended) && ended.errors[0].extensions?.['code']).toBe('UNAUTHENTICATED');
  });
});
