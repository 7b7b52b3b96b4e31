/** Documents that GraphQL codegen's client preset typed, sent and followed by tandem-client. */
import { ApiError, createClient } from 'tandem-client';
import { beforeAll, describe, expect, inject } from 'vitest';
import { can } from './capabilities.ts';
import { lettersOf, type Made, makeCollections } from './collections.ts';
import { graphql } from './generated/codegen/gql.ts';

const page = graphql(`
  query CodegenCollections(
    $filter: CollectionFilter, $orderBy: [CollectionOrder!], $first: Int, $after: String, $offset: Int
  ) {
    collections(filter: $filter, orderBy: $orderBy, first: $first, after: $after, offset: $offset) {
      nodes { id name createdAt }
      pageInfo { endCursor }
    }
  }
`);
const many = graphql(`
  query CodegenMany($ids: [ID!]!) { nodes(ids: $ids) { id ... on Collection { name } } }
`);
const update = graphql(`
  mutation CodegenUpdate($input: UpdateCollectionInput!) { updateCollection(input: $input) { collection { id tags } } }
`);
const remove = graphql(`
  mutation CodegenDelete($id: ID!) { deleteCollection(id: $id) { deletedId } }
`);
const changes = graphql(`
  subscription CodegenChanges($after: Int64) { changes(types: [COLLECTION], after: $after) { seq change { kind nodeId } } }
`);

describe('graphql-codegen', () => {
  const client = createClient({ url: inject('url') });
  const filter = { nameContains: 'codegen-' };
  const orderBy = [{ field: 'NAME', direction: 'ASC' }] as const;
  let made: readonly Made[];
  beforeAll(async () => {
    made = await makeCollections(inject('url'), inject('alias'), 'codegen');
  });

  can('graphql-codegen', 'list', async () => {
    const { collections } = await client.execute(page, { filter });
    expect(collections.nodes.map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
    // The scalars have their types: a time is a text.
    const [{ createdAt }] = collections.nodes;
    expect(createdAt.endsWith('Z')).toBe(true);
  });

  can('graphql-codegen', 'page', async () => {
    const { collections: first } = await client.execute(page, { filter, orderBy, first: 4 });
    const after = first.pageInfo.endCursor;
    const { collections: second } = await client.execute(page, { filter, orderBy, first: 4, after });
    const { collections: numbered } = await client.execute(page, { filter, orderBy, first: 1, offset: 1 });
    expect([first, second, numbered].map(({ nodes }) => lettersOf(nodes).join(''))).toEqual(['abcd', 'e', 'b']);
  });

  can('graphql-codegen', 'sort', async () => {
    const { collections } = await client.execute(page, { filter, orderBy: [{ field: 'NAME', direction: 'DESC' }] });
    expect(lettersOf(collections.nodes).join('')).toBe('edcba');
  });

  can('graphql-codegen', 'filter', async () => {
    const { collections } = await client.execute(page, { filter: { ...filter, not: { name: 'codegen-c' } }, orderBy });
    expect(lettersOf(collections.nodes).join('')).toBe('abde');
    // @ts-expect-error There is no such filter: the types say so before the server does.
    const wrong = client.execute(page, { filter: { nameStartsWith: 'codegen' } });
    await expect(wrong).rejects.toBeInstanceOf(ApiError);
  });

  can('graphql-codegen', 'getMany', async () => {
    const { nodes } = await client.execute(many, { ids: made.map(({ id }) => id) });
    expect(nodes).toMatchObject(made);
  });

  can('graphql-codegen', 'update', async () => {
    const [{ id }] = made;
    const { updateCollection } = await client.execute(update, { input: { id, tags: [' seen ', 'codegen', 'seen'] } });
    expect(updateCollection.collection).toMatchObject({ id, tags: ['seen', 'codegen'] });
  });

  can('graphql-codegen', 'delete', async () => {
    const [{ id }] = await makeCollections(inject('url'), inject('alias'), 'gone-by-codegen');
    expect((await client.execute(remove, { id })).deleteCollection.deletedId).toBe(id);
    await expect(client.execute(remove, { id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  can('graphql-codegen', 'live', async () => {
    const [, { id }] = made;
    let seen: unknown;
    let seq = 0;
    for await (const { changes: event } of client.subscribe(changes, {})) {
      if (event.change === null) await client.execute(update, { input: { id, tags: ['live'] } });
      if (event.change?.nodeId !== id) continue;
      seen = event.change;
      // An Int64 is a number.
      seq = event.seq;
      break;
    }
    expect(seen).toMatchObject({ kind: 'UPDATED', nodeId: id });
    expect(seq - 1).toBeGreaterThan(0);
  });
});
