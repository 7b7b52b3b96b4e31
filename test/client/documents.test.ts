/** The documents that a client may hold: today's, those of 0.2.0, and those of somebody else's codegen. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DocumentNode, parse } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createClient,
  ImportModelDocument,
  type Operation,
  RunEventsDocument,
  SystemDocument,
  TypedDocumentString,
} from '../../src/client/index.ts';

/** As `tandem/client` 0.2.0 exported them. */
const oldQuery: Operation<'query', { readonly jobs: { readonly nodes: readonly string[] } }, Record<string, never>> = {
  kind: 'query',
  name: 'RunningJobs',
  text: 'query RunningJobs {\n  jobs(filter: {state: RUNNING}, first: 20) {\n    nodes {\n      kind\n    }\n  }\n}',
};
const oldSubscription: Operation<
  'subscription',
  { readonly runEvents: { readonly seq: number } },
  { readonly runId: string; readonly after?: number }
> = {
  kind: 'subscription',
  name: 'RunEvents',
  text: 'subscription RunEvents($runId: ID!, $after: Int64! = 0) {\n  runEvents(runId: $runId, after: $after) {\n    seq\n  }\n}',
};

describe('a client', () => {
  let server: Server;
  let url: string;
  const sent: { query: string; operationName?: string; variables: Record<string, unknown>; extensions?: object }[] = [];
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      sent.push(JSON.parse(body));
      const isStream = request.headers.accept === 'text/event-stream';
      response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
      const answer = JSON.stringify({ data: isStream ? { runEvents: { seq: 3 } } : { jobs: { nodes: ['a'] } } });
      // The first connection of a subscription breaks after its event.
      const isLast = sent.length > 1;
      response.end(
        isStream ? `id: 3\nevent: next\ndata: ${answer}\n\n${isLast ? 'event: complete\ndata:\n\n' : ''}` : answer,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  beforeEach(() => void sent.splice(0));

  it('executes and subscribes with the documents of 0.2.0', async () => {
    const client = createClient({ url, webSocket: false, retryMs: 1 });
    const { jobs } = await client.execute(oldQuery, {});
    expect(jobs.nodes).toEqual(['a']);
    expect(sent).toEqual([{ query: oldQuery.text, operationName: 'RunningJobs', variables: {} }]);
    sent.splice(0);
    const seen: number[] = [];
    for await (const { runEvents } of client.subscribe(oldSubscription, { runId: 'x' })) seen.push(runEvents.seq);
    expect(seen).toEqual([3, 3]);
    expect(sent.map(({ extensions }) => extensions)).toEqual([undefined, { lastEventId: '3' }]);
  });

  it('sends the text and the name of its own documents', async () => {
    await createClient({ url }).execute(ImportModelDocument, { input: { name: 'm', source: { folder: 'f' } } });
    expect(sent).toMatchObject([{ operationName: 'ImportModel', query: String(ImportModelDocument) }]);
  });

  it('takes documents that were parsed, also without the text that they come from', async () => {
    const text = 'query Some($first: Int) { jobs(first: $first) { nodes { id } } }';
    // What `TypedDocumentNode` of GraphQL codegen is.
    const parsed = parse(text, { noLocation: true }) as DocumentNode & {
      __apiType?: (variables: { first: number }) => { readonly jobs: unknown };
    };
    expect(await createClient({ url }).execute(parsed, { first: 1 })).toMatchObject({ jobs: { nodes: ['a'] } });
    expect(sent).toEqual([{ query: text, operationName: 'Some', variables: { first: 1 } }]);
    // @ts-expect-error The variables are those of the document.
    void ((): unknown => createClient({ url }).execute(parsed, { last: 1 }));
  });

  it("takes documents of somebody else's codegen, and an operation without a name", async () => {
    const document = new TypedDocumentString<{ readonly jobs: unknown }, { readonly first: number }>(
      '# all of them\nquery ($first: Int) { jobs(first: $first) { nodes { id } } }',
    );
    expect(await createClient({ url }).execute(document, { first: 1 })).toMatchObject({ jobs: { nodes: ['a'] } });
    expect(sent[0]).toEqual({ query: String(document), variables: { first: 1 } });
  });

  it('refuses to execute a subscription, in either form', async () => {
    const client = createClient({ url });
    await expect(client.execute(RunEventsDocument, { runId: 'x' })).rejects.toThrow('followed by subscribe()');
    // @ts-expect-error An old document says by its type that it is a subscription.
    await expect(client.execute(oldSubscription, { runId: 'x' })).rejects.toThrow('followed by subscribe()');
    expect(sent).toEqual([]);
  });

  it('checks variables by their types', () => {
    const client = createClient({ url });
    // @ts-expect-error There is no such variable.
    const wrong = () => client.execute(SystemDocument, { first: 1 });
    // @ts-expect-error The variable is missing.
    const missing = () => client.subscribe(RunEventsDocument, {});
    expect([wrong, missing]).toHaveLength(2);
  });
});
