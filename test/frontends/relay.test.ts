/** Relay: artifacts of relay-compiler from docs/schema.graphql, and relay-runtime with its store. */
import {
  commitMutation,
  createOperationDescriptor,
  Environment,
  type FetchFunction,
  fetchQuery,
  type GraphQLTaggedNode,
  getRequest,
  graphql,
  type MutationParameters,
  Network,
  Observable,
  type OperationType,
  RecordSource,
  requestSubscription,
  Store,
  type SubscribeFunction,
} from 'relay-runtime';
import { createClient } from 'tandem-client';
import { beforeAll, describe, expect, inject } from 'vitest';
import { can } from './capabilities.ts';
import { lettersOf, type Made, makeCollections } from './collections.ts';
import type { relayChangesSubscription } from './generated/relay/relayChangesSubscription.graphql.ts';
import type { relayCollectionsQuery } from './generated/relay/relayCollectionsQuery.graphql.ts';
import type { relayDeleteMutation } from './generated/relay/relayDeleteMutation.graphql.ts';
import type { relayManyQuery } from './generated/relay/relayManyQuery.graphql.ts';
import type { relayPageQuery } from './generated/relay/relayPageQuery.graphql.ts';
import type { relayUpdateMutation } from './generated/relay/relayUpdateMutation.graphql.ts';

const collections = graphql`
  query relayCollectionsQuery($filter: CollectionFilter, $orderBy: [CollectionOrder!]) {
    collections(filter: $filter, orderBy: $orderBy) { edges { node { id name notes } } }
  }
`;
const page = graphql`
  query relayPageQuery($filter: CollectionFilter, $first: Int, $after: String) {
    collections(filter: $filter, orderBy: [{ field: NAME, direction: ASC }], first: $first, after: $after)
      @connection(key: "relay_collections", filters: ["filter"]) {
      edges { node { id name } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const many = graphql`
  query relayManyQuery($ids: [ID!]!) { nodes(ids: $ids) { id ... on Collection { name } } }
`;
const update = graphql`
  mutation relayUpdateMutation($input: UpdateCollectionInput!) {
    updateCollection(input: $input) { collection { id notes } }
  }
`;
const remove = graphql`
  mutation relayDeleteMutation($id: ID!) { deleteCollection(id: $id) { deletedId @deleteRecord } }
`;
const changes = graphql`
  subscription relayChangesSubscription {
    changes(types: [COLLECTION]) { seq change { kind nodeId node { id ... on Collection { notes } } } }
  }
`;

const client = createClient({ url: inject('url') });

const ask: FetchFunction = async ({ text }, variables) => {
  const response = await fetch(client.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-graphql-yoga-csrf': 'frontends' },
    body: JSON.stringify({ query: text, variables }),
  });
  return response.json();
};

/** Subscriptions over the connection of tandem-client. */
const follow: SubscribeFunction = ({ text, name }, variables) =>
  Observable.create((sink) => {
    const stop = new AbortController();
    const document = { kind: 'subscription', name, text: text ?? '' } as const;
    void (async () => {
      for await (const data of client.subscribe<object, object>(document, variables, stop)) {
        sink.next({ data: data as Record<string, unknown> });
      }
      sink.complete();
    })().catch((error: Error) => {
      // The end of an abort is no error of the subscription.
      if (!stop.signal.aborted) sink.error(error);
    });
    return () => stop.abort();
  });

describe('Relay', () => {
  const environment = new Environment({
    network: Network.create(ask, follow),
    store: new Store(new RecordSource(), { gcReleaseBufferSize: 100 }),
  });
  const filter = { nameContains: 'relay-' };
  let made: readonly Made[];
  beforeAll(async () => {
    made = await makeCollections(inject('url'), inject('alias'), 'relay');
  });

  async function get<Operation extends OperationType>(
    document: GraphQLTaggedNode,
    variables: Operation['variables'],
  ): Promise<Operation['response']> {
    const answer = await fetchQuery<Operation>(environment, document, variables).toPromise();
    return answer as Operation['response'];
  }

  const mutate = <Operation extends MutationParameters>(
    mutation: GraphQLTaggedNode,
    variables: Operation['variables'],
  ): Promise<Operation['response']> =>
    new Promise((resolve, reject) => {
      commitMutation<Operation>(environment, {
        mutation,
        variables,
        onCompleted: (response, errors) => (errors ? reject(errors[0]) : resolve(response)),
        onError: reject,
      });
    });

  /** What the store has of a query, without a request. */
  function stored<Operation extends OperationType>(
    document: GraphQLTaggedNode,
    variables: Operation['variables'],
  ): Operation['response'] {
    const operation = createOperationDescriptor(getRequest(document), variables);
    return environment.lookup(operation.fragment).data as Operation['response'];
  }

  can('Relay', 'list', async () => {
    const { collections: found } = await get<relayCollectionsQuery>(collections, { filter });
    expect(found.edges.map(({ node }) => node.id).sort()).toEqual(made.map(({ id }) => id).sort());
  });

  can('Relay', 'page', async () => {
    const first = { filter, first: 2, after: null };
    environment.retain(createOperationDescriptor(getRequest(page), first));
    let { pageInfo } = (await get<relayPageQuery>(page, first)).collections;
    while (pageInfo.hasNextPage) {
      ({ pageInfo } = (await get<relayPageQuery>(page, { filter, first: 2, after: pageInfo.endCursor })).collections);
    }
    // The handler of @connection joined the pages in the store.
    const { edges } = stored<relayPageQuery>(page, first).collections;
    expect(lettersOf(edges.map(({ node }) => node))).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  can('Relay', 'sort', async () => {
    const orderBy = [{ field: 'NAME', direction: 'DESC' }] as const;
    const { collections: found } = await get<relayCollectionsQuery>(collections, { filter, orderBy });
    expect(lettersOf(found.edges.map(({ node }) => node))).toEqual(['e', 'd', 'c', 'b', 'a']);
  });

  can('Relay', 'filter', async () => {
    const { collections: found } = await get<relayCollectionsQuery>(collections, { filter: { name: 'relay-c' } });
    expect(found.edges.map(({ node }) => node.id)).toEqual([made[0].id]);
  });

  can('Relay', 'getMany', async () => {
    const ids = made.map(({ id }) => id);
    expect((await get<relayManyQuery>(many, { ids })).nodes.map((node) => node?.id)).toEqual(ids);
  });

  can('Relay', 'update', async () => {
    const [{ id, name }] = made;
    const variables = { filter: { name } };
    await get<relayCollectionsQuery>(collections, variables);
    await mutate<relayUpdateMutation>(update, { input: { id, notes: 'by Relay' } });
    // The store knows the node by its id, so the list is fresh.
    expect(stored<relayCollectionsQuery>(collections, variables).collections.edges[0].node.notes).toBe('by Relay');
  });

  can('Relay', 'delete', async () => {
    const [{ id }] = await makeCollections(inject('url'), inject('alias'), 'gone-by-relay');
    await get<relayManyQuery>(many, { ids: [id] });
    expect(stored<relayManyQuery>(many, { ids: [id] }).nodes[0]?.id).toBe(id);
    await mutate<relayDeleteMutation>(remove, { id });
    expect(stored<relayManyQuery>(many, { ids: [id] }).nodes[0]).toBeNull();
  });

  can('Relay', 'live', async () => {
    const [, { id }] = made;
    const seen = await new Promise((resolve, reject) => {
      const { dispose } = requestSubscription<relayChangesSubscription>(environment, {
        subscription: changes,
        variables: {},
        onError: reject,
        onNext: (event) => {
          const change = event?.changes.change;
          if (change === null) void mutate<relayUpdateMutation>(update, { input: { id, notes: 'seen by Relay' } });
          else if (change?.nodeId === id) {
            dispose();
            resolve(change);
          }
        },
      });
    });
    expect(seen).toMatchObject({ kind: 'UPDATED', node: { id, notes: 'seen by Relay' } });
  });
});
