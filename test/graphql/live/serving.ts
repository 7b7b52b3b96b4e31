/** embed, similarity, collections and search. */
import { describe, expect, it } from 'vitest';
import { createCollection } from './fixture.ts';
import { get, inputRefusal, type Live, refusal } from './harness.ts';

interface Embedded {
  readonly embed: {
    readonly dimensions: number;
    readonly report: { readonly tokens: number; readonly truncated: number };
    readonly embeddings: readonly { readonly values: number[]; readonly base64: string; readonly tokens: number }[];
  };
}

const norm = (values: readonly number[]): number => Math.hypot(...values);

export function servingSuite(live: () => Live): void {
  const checkpoint = () => ({ id: live().made.checkpoints.at(-1) });
  const embed = `query($texts: [String!]!, $checkpoint: CheckpointChoice!, $role: TextRole! = PASSAGE, $dimensions: Int, $instruction: String! = "") {
    embed(texts: $texts, checkpoint: $checkpoint, role: $role, dimensions: $dimensions, instruction: $instruction) {
      dimensions report { tokens truncated prompt checkpoint { id } }
      embeddings { index tokens truncated base64 values }
    }
  }`;

  describe('embed', () => {
    it('gives vectors of length 1 in both forms, and says how', async () => {
      const texts = ['the pump leaks oil', 'the fan', 'the belt runs hot '.repeat(12)];
      const { embed: answer } = await get<Embedded>(live(), embed, { texts, checkpoint: checkpoint() });
      expect(answer).toMatchObject({ dimensions: 16, report: { truncated: 1, prompt: '', checkpoint: checkpoint() } });
      expect(answer.embeddings.map(({ tokens }) => tokens).reduce((sum, count) => sum + count)).toBe(
        answer.report.tokens,
      );
      expect(answer.embeddings[2]).toMatchObject({ index: 2, truncated: true, tokens: 24 });
      for (const { values, base64 } of answer.embeddings) {
        expect(norm(values)).toBeCloseTo(1, 5);
        const bytes = Buffer.from(base64, 'base64');
        expect(values.map((_value, i) => bytes.readFloatLE(4 * i))).toEqual(values.map(Math.fround));
      }
    });

    it('gives the same vector alone and among others', async () => {
      const many = ['the pump', 'a longer text about the motor that makes noise', 'x'];
      const together = await get<Embedded>(live(), embed, { texts: many, checkpoint: checkpoint() });
      const alone = await get<Embedded>(live(), embed, { texts: many.slice(0, 1), checkpoint: checkpoint() });
      expect(alone.embed.embeddings[0]?.base64).toBe(together.embed.embeddings[0]?.base64);
    });

    it('shortens and normalises again, uses the prompt of the role, embeds with an untrained model', async () => {
      const variables = {
        texts: ['the pump'],
        role: 'QUERY',
        instruction: 'find',
        dimensions: 4,
        checkpoint: { id: live().made.model },
      };
      const { embed: answer } = await get<Embedded>(live(), embed, variables);
      expect(answer).toMatchObject({ dimensions: 4, report: { prompt: 'Instruction: find Query: ' } });
      expect(norm(answer.embeddings[0]?.values ?? [])).toBeCloseTo(1, 5);
    });

    it.each([
      ['no texts', { texts: [] }, 'BAD_USER_INPUT', 'texts'],
      ['an empty text', { texts: ['a', ' '] }, 'BAD_USER_INPUT', 'texts.1'],
      ['a huge text', { texts: ['x'.repeat(2_001)] }, 'LIMIT_EXCEEDED', 'texts.0'],
      ['too many texts', { texts: Array(121).fill('a') }, 'LIMIT_EXCEEDED', 'texts'],
      ['too many dimensions', { dimensions: 17 }, 'BAD_USER_INPUT', 'dimensions'],
      ['no dimensions', { dimensions: 0 }, 'BAD_USER_INPUT', 'dimensions'],
      ['an unknown alias', { checkpoint: { alias: 'none' } }, 'NOT_FOUND', 'checkpoint.alias'],
    ])('refuses %s', async (_what, change, code, field) => {
      const { extensions } = await refusal(live(), embed, { texts: ['a'], checkpoint: checkpoint(), ...change });
      expect([extensions['code'], extensions['field']]).toEqual([code, field]);
    });
  });

  describe('similarity', () => {
    it('is 1 for equal texts and symmetric', async () => {
      const query = `query($pairs: [TextPair!]!, $checkpoint: CheckpointChoice!) {
        similarity(pairs: $pairs, checkpoint: $checkpoint) { scores report { tokens prompt } }
      }`;
      const pairs = [
        { a: 'the pump', b: 'the pump' },
        { a: 'the fan', b: 'a belt is stuck' },
        { a: 'a belt is stuck', b: 'the fan' },
      ];
      const { similarity } = await get<{ similarity: { scores: number[] } }>(live(), query, {
        pairs,
        checkpoint: checkpoint(),
      });
      expect(similarity.scores[0]).toBeCloseTo(1, 5);
      expect(similarity.scores[1]).toBe(similarity.scores[2]);
      const { extensions } = await refusal(live(), query, { pairs: [{ a: 'x', b: '' }], checkpoint: checkpoint() });
      expect(extensions['field']).toBe('pairs.0.b');
    });
  });

  describe('collections', () => {
    const add = `mutation($input: AddDocumentsInput!) {
      addDocuments(input: $input) { added replaced report { tokens truncated prompt } job { kind state done total } }
    }`;
    const search = `query($collection: ID!, $query: String!, $k: Int! = 3) {
      search(collection: $collection, query: $query, k: $k) {
        searched report { tokens } hits { rank score document { key text metadata embedding { dimension tokens values } } }
      }
    }`;
    interface Found {
      readonly search: {
        readonly searched: number;
        readonly hits: readonly { score: number; document: { key: string; embedding: { values: number[] } } }[];
      };
    }
    const documents = ['the pump leaks oil', 'the fan makes noise', 'the belt runs hot', 'the gear is stuck'].map(
      (text, i) => ({
        key: `d${i}`,
        text,
        metadata: { i },
      }),
    );

    /** A collection of the four documents. */
    async function filled(name: string): Promise<string> {
      const collection = await createCollection(live(), { name, checkpoint: checkpoint() });
      await get(live(), add, { input: { collection, documents } });
      return collection;
    }
    let unchanged: Promise<string> | undefined;
    /** One collection for all tests that only read it. */
    const shared = (): Promise<string> => {
      unchanged ??= filled('unchanged');
      return unchanged;
    };

    it('are made, filled, searched', async () => {
      const create =
        'mutation($input: CreateCollectionInput!) { createCollection(input: $input) { collection { id dimension } } }';
      const input = { name: 'notes', checkpoint: checkpoint(), idempotencyKey: 'collection-1' };
      const { createCollection } = await get<{ createCollection: { collection: { id: string } } }>(live(), create, {
        input,
      });
      const again = await get<{ createCollection: { collection: { id: string } } }>(live(), create, { input });
      expect(again.createCollection.collection.id).toBe(createCollection.collection.id);
      const collection = createCollection.collection.id;
      expect(await get(live(), search, { collection, query: 'pump' })).toMatchObject({
        search: { searched: 0, hits: [] },
      });
      expect(await get(live(), add, { input: { collection, documents } })).toMatchObject({
        addDocuments: {
          added: 4,
          replaced: 0,
          report: { truncated: 0 },
          job: { kind: 'EMBED_COLLECTION', state: 'SUCCEEDED', done: 4, total: 4 },
        },
      });
      const { search: found } = await get<Found>(live(), search, { collection, query: 'the pump leaks oil' });
      expect(found.searched).toBe(4);
      expect(found.hits[0]).toMatchObject({
        rank: 1,
        document: { key: 'd0', metadata: { i: 0 }, embedding: { dimension: 16 } },
      });
      expect(found.hits[0]?.score).toBeCloseTo(1, 4);
      expect([...found.hits].sort((a, b) => b.score - a.score)).toEqual(found.hits);
    });

    it('are filled once for a key: again, it answers with the same numbers', async () => {
      const collection = await filled('filled once');
      const added = [...documents.slice(0, 1), { key: 'd9', text: 'the valve is shut' }];
      const input = { collection, documents: added, idempotencyKey: 'documents-1' };
      const first = await get<{ addDocuments: object }>(live(), add, { input });
      expect(first.addDocuments).toMatchObject({ added: 1, replaced: 1 });
      expect(await get(live(), add, { input })).toEqual(first);
      const remove = 'mutation($input: DeleteDocumentsInput!) { deleteDocuments(input: $input) { deleted } }';
      await get(live(), remove, { input: { collection, keys: ['d9'] } });
    });

    it('are found while documents are added', async () => {
      const collection = await filled('added to');
      const searched = () => get<Found>(live(), search, { collection, query: 'the pump leaks oil' });
      for (let round = 0; round < 3; round += 1) {
        const adding = get(live(), add, { input: { collection, documents } });
        for (const found of await Promise.all([searched(), adding.then(searched), searched()])) {
          expect(found.search.hits[0]?.document.key).toBe('d0');
        }
      }
    });

    it('find what was replaced, added and deleted at once', async () => {
      const collection = await filled('replaced in');
      const input = {
        collection,
        documents: [
          { key: 'd0', text: 'a motor hums' },
          { key: 'd4', text: 'the pump leaks oil' },
        ],
      };
      expect(await get(live(), add, { input })).toMatchObject({ addDocuments: { added: 1, replaced: 1 } });
      const { search: found } = await get<Found>(live(), search, { collection, query: 'the pump leaks oil', k: 1000 });
      expect([found.searched, found.hits.length, found.hits[0]?.document.key]).toEqual([5, 5, 'd4']);
      const remove = `mutation($input: DeleteDocumentsInput!) { deleteDocuments(input: $input) { deleted unknownKeys collection { documents { totalCount } } } }`;
      expect(await get(live(), remove, { input: { collection, keys: ['d4', 'none'] } })).toEqual({
        deleteDocuments: { deleted: 1, unknownKeys: ['none'], collection: { documents: { totalCount: 4 } } },
      });
      const { search: after } = await get<Found>(live(), search, { collection, query: 'the pump leaks oil', k: 1 });
      expect([after.searched, after.hits[0]?.document.key]).not.toContain('d4');
    });

    it.each([
      ['no documents', { documents: [] }, 'BAD_USER_INPUT', 'input.documents'],
      ['an empty text', { documents: [{ key: 'x', text: '' }] }, 'BAD_USER_INPUT', 'input.documents.0.text'],
      [
        'a key twice',
        {
          documents: [
            { key: 'x', text: 'a' },
            { key: 'x', text: 'b' },
          ],
        },
        'BAD_USER_INPUT',
        'input.documents.1.key',
      ],
      [
        'metadata that are no object',
        { documents: [{ key: 'x', text: 'a', metadata: [1] }] },
        'BAD_USER_INPUT',
        'input.documents.0.metadata',
      ],
      ['a NUL', { documents: [{ key: 'x', text: 'a\0b' }] }, 'BAD_USER_INPUT', 'input.documents.0.text'],
      ['half a character', { documents: [{ key: 'x', text: 'a\ud83d' }] }, 'BAD_USER_INPUT', 'input.documents.0.text'],
      [
        'half a character in a key',
        { documents: [{ key: '\ud83d', text: 'a' }] },
        'BAD_USER_INPUT',
        'input.documents.0.key',
      ],
      [
        'metadata that would be rounded',
        { documents: [{ key: 'x', text: 'a', metadata: { order: 2 ** 60 } }] },
        'BAD_USER_INPUT',
        'input.documents.0.metadata.order',
      ],
      [
        'metadata that are nested a thousand levels deep',
        { documents: [{ key: 'x', text: 'a', metadata: JSON.parse(`${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`) }] },
        'BAD_USER_INPUT',
        expect.stringMatching(/^input.documents.0.metadata.a.a/),
      ],
      ['an empty key', { documents: [{ key: '', text: 'a' }] }, 'BAD_USER_INPUT', 'input.documents.0.key'],
    ])('refuse %s, and nothing is half-written', async (_what, change, code, field) => {
      const collection = await shared();
      const input = { collection, ...change };
      expect(await inputRefusal(live(), 'addDocuments', 'AddDocumentsInput', input)).toEqual([code, field]);
      const count = 'query($id: ID!) { collection(id: $id) { documents(first: 0) { totalCount } } }';
      expect(await get(live(), count, { id: collection })).toEqual({
        collection: { documents: { totalCount: 4 } },
      });
    });

    it('keep metadata as they are, a backslash in front of u0000 included', async () => {
      const collection = await createCollection(live(), { name: 'backslash', checkpoint: checkpoint() });
      const metadata = { text: 'six characters: \\u0000', big: 2 ** 53 - 1 };
      const add = `mutation($input: AddDocumentsInput!) {
        addDocuments(input: $input) { collection { documents { nodes { metadata } } } }
      }`;
      const input = { collection, documents: [{ key: 'x', text: 'a', metadata }] };
      expect(await get(live(), add, { input })).toEqual({
        addDocuments: { collection: { documents: { nodes: [{ metadata }] } } },
      });
    });

    it.each([
      ['a name', 'createCollection', 'CreateCollectionInput', { name: 'a\0b' }, 'input.name'],
      ['a name of half a character', 'createCollection', 'CreateCollectionInput', { name: '\ud83d' }, 'input.name'],
      [
        'a key of a request',
        'createCollection',
        'CreateCollectionInput',
        { idempotencyKey: '\0' },
        'input.idempotencyKey',
      ],
    ])('are refused with the field of %s that cannot be stored', async (_what, mutation, type, change, field) => {
      const input = { name: 'never made', checkpoint: checkpoint(), ...change };
      expect(await inputRefusal(live(), mutation, type, input)).toEqual(['BAD_USER_INPUT', field]);
    });

    it('have names of their own; searches have a query and a k', async () => {
      const collection = await shared();
      const taken = await inputRefusal(live(), 'createCollection', 'CreateCollectionInput', {
        name: 'unchanged',
        checkpoint: checkpoint(),
      });
      expect(taken).toEqual(['CONFLICT', 'input.name']);
      for (const [variables, field] of [
        [{ collection, query: '' }, 'query'],
        [{ collection, query: 'x', k: 0 }, 'k'],
        [{ collection, query: 'x', k: 1001 }, 'k'],
        [{ collection: 'x', query: 'x' }, 'collection'],
      ] as const) {
        expect((await refusal(live(), search, variables)).extensions['field']).toBe(field);
      }
    });
  });
}
