/** The subscription to changes of all lists, as HTTP sends it. */
import { describe, expect, it } from 'vitest';
import { ask, get, type Live, openStream } from './harness.ts';

interface Told {
  readonly seq: number;
  readonly change: { readonly kind: string; readonly nodeId: string; readonly node: unknown } | null;
}

const subscription = `subscription($types: [NodeType!], $after: Int64) { changes(types: $types, after: $after) {
  seq change { kind type nodeId node { id ... on Collection { name notes } } }
} }`;

export function changeSuite(live: () => Live): void {
  /** So many events of a subscription that does not end by itself. */
  async function told(count: number, variables: Readonly<Record<string, unknown>>): Promise<Told[]> {
    const { body } = await openStream(live(), subscription, variables);
    const decoder = new TextDecoder();
    let text = '';
    for await (const part of body as ReadableStream<Uint8Array>) {
      text += decoder.decode(part, { stream: true });
      const events = [...text.matchAll(/^data: (.+)\n\n/gm)].map(([, data]) => JSON.parse(data ?? '').data.changes);
      if (events.length >= count) return events.slice(0, count);
    }
    throw new Error(`the stream ended: ${text}`);
  }
  const seqNow = async () => (await get<{ changeSeq: number }>(live(), '{ changeSeq }')).changeSeq;

  describe('changes', () => {
    it('begin with the number of now, and are replayed from any number, of the types that are asked for', async () => {
      const before = await seqNow();
      expect(await told(1, {})).toEqual([{ seq: before, change: null }]);
      const create = `mutation($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id } } }`;
      const input = { name: 'changing', checkpoint: { id: live().made.checkpoints[1] } };
      type Created = { readonly createCollection: { readonly collection: { readonly id: string } } };
      const { id } = (await get<Created>(live(), create, { input })).createCollection.collection;
      const edit = `mutation($input: UpdateCollectionInput!) { updateCollection(input: $input) { __typename } }`;
      await get(live(), edit, { input: { id, notes: 'seen' } });
      const after = { types: ['COLLECTION'], after: before };
      const node = { id, name: 'changing', notes: 'seen' };
      const ofCollection = { type: 'COLLECTION', nodeId: id };
      const [created, updated] = await told(2, after);
      // What a node shows is of now, also in a replay.
      expect(created?.change).toEqual({ kind: 'CREATED', ...ofCollection, node });
      expect(updated?.change).toEqual({ kind: 'UPDATED', ...ofCollection, node });
      await get(live(), 'mutation($id: ID!) { deleteCollection(id: $id) { deletedId } }', { id });
      const [deleted] = await told(1, { ...after, after: updated?.seq });
      expect(deleted?.change).toEqual({ kind: 'DELETED', ...ofCollection, node: null });
      expect([before < (created?.seq ?? 0), deleted?.seq]).toEqual([true, await seqNow()]);
    });

    it('are asked for anew where the number is one that was not given', async () => {
      const { errors } = await ask(live(), subscription, { after: (await seqNow()) + 1_000_000 });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'RESYNC', field: 'after', remedy: expect.any(String) });
    });
  });
}
