/** The client against servers that break: scripted on a socket, because a real one breaks when it likes. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ApiError,
  createClient,
  DeleteModelDocument,
  ImportModelDocument,
  RunEventsDocument,
  SystemDocument,
} from '../../src/client/index.ts';

interface Body {
  readonly extensions?: { readonly lastEventId?: string };
}

type Script = (body: Body, response: ServerResponse) => void;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function bodyOf(request: IncomingMessage): Promise<Body> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
}

/** Answers the n-th request by the n-th script, the last one from then on. */
async function serve(...scripts: Script[]): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request);
    asked.push(body.extensions?.lastEventId ?? '');
    const script = scripts[Math.min(asked.length, scripts.length) - 1];
    script?.(body, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const event = (seq: number) =>
  `id: ${seq}\nevent: next\ndata: {"data":{"runEvents":{"__typename":"RunHeartbeat","seq":${seq}}}}\n\n`;
const stream = (response: ServerResponse, text: string) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(text);
};

async function follow(url: string, retries = 3): Promise<number[]> {
  const client = createClient({ url, webSocket: false, retryMs: 1, retries });
  const seen: number[] = [];
  for await (const { runEvents } of client.subscribe(RunEventsDocument, { runId: 'x' })) seen.push(runEvents.seq);
  return seen;
}

describe('a subscription', () => {
  it('goes on behind the last event when the connection breaks', async () => {
    const { url, asked } = await serve(
      (_body, response) => {
        stream(response, `:\n\n${event(1)}${event(2)}event: next\ndata: {"da`);
        setTimeout(() => response.destroy(), 20);
      },
      (_body, response) => {
        stream(response, event(3));
        response.end('event: complete\ndata:\n\n');
      },
    );
    expect(await follow(url)).toEqual([1, 2, 3]);
    expect(asked).toEqual(['', '2']);
  });

  it('ends with the event complete and not before', async () => {
    const { url, asked } = await serve(
      (_body, response) => {
        stream(response, event(1));
        response.end();
      },
      (_body, response) => {
        stream(response, event(2));
        response.end('event: complete\ndata:\n\n');
      },
    );
    expect(await follow(url)).toEqual([1, 2]);
    expect(asked).toEqual(['', '1']);
  });

  it('gives up after its retries', async () => {
    const { url, asked } = await serve(
      (_body, response) => {
        stream(response, event(1));
        response.end();
      },
      (_body, response) => response.destroy(),
    );
    await expect(follow(url)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(asked).toHaveLength(4);
  });

  it('throws what the server answers instead of events', async () => {
    const { url } = await serve((_body, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"errors":[{"message":"no such run","extensions":{"code":"NOT_FOUND","remedy":"list them"}}]}');
    });
    await expect(follow(url)).rejects.toMatchObject({ code: 'NOT_FOUND', extensions: { remedy: 'list them' } });
  });

  it('ends its request when its reader stops, and by its signal', async () => {
    const closed: Promise<void>[] = [];
    const { url } = await serve((_body, response) => {
      stream(response, event(1));
      closed.push(new Promise((resolve) => response.once('close', resolve)));
    });
    const client = createClient({ url, webSocket: false });
    for await (const _event of client.subscribe(RunEventsDocument, { runId: 'x' })) break;
    const controller = new AbortController();
    const aborted = (async () => {
      for await (const _event of client.subscribe(RunEventsDocument, { runId: 'x' }, { signal: controller.signal }))
        controller.abort();
    })();
    await expect(aborted).rejects.toThrow();
    await Promise.all(closed);
    expect(closed).toHaveLength(2);
  });
});

describe('a query', () => {
  it('takes no address with a password, and does not quote it', () => {
    const create = () => createClient({ url: 'http://user:hidden@127.0.0.1:9' });
    expect(create).toThrow(new TypeError('The URL has a user name or a password: send a key in headers'));
  });

  it('says that there is no server', async () => {
    const client = createClient({ url: 'http://127.0.0.1:1' });
    expect(client.url).toBe('http://127.0.0.1:1/graphql');
    await expect(client.execute(SystemDocument, {})).rejects.toMatchObject({
      name: 'ApiError',
      code: 'UNAVAILABLE',
      extensions: { remedy: expect.stringContaining('tandem serve') },
    });
  });

  it('throws for an answer that is none', async () => {
    const { url } = await serve((_body, response) => response.end('<html>'));
    await expect(createClient({ url }).execute(SystemDocument, {})).rejects.toThrow('The server answered 200: <html>');
    const empty = await serve((_body, response) => response.end('{}'));
    await expect(createClient({ url: empty.url }).execute(SystemDocument, {})).rejects.toBeInstanceOf(ApiError);
  });

  const closes: Script = (_body, response) => response.destroy();
  const deleted: Script = (_body, response) => response.end('{"data":{"deleteModel":{"deletedId":"x"}}}');

  it('is sent once more where the connection closes without an answer', async () => {
    const { url, asked } = await serve(closes, (_body, response) =>
      response.end('{"data":{"system":{"version":"1"}}}'),
    );
    expect(await createClient({ url }).execute(SystemDocument, {})).toMatchObject({ system: { version: '1' } });
    expect(asked).toHaveLength(2);
    const never = await serve(closes);
    await expect(createClient({ url: never.url }).execute(SystemDocument, {})).rejects.toMatchObject({
      ...{ code: 'UNAVAILABLE', unreachable: true },
    });
    expect(never.asked).toHaveLength(2);
  });

  it('that changes something is sent once more only under a key', async () => {
    const { url, asked } = await serve(closes, deleted);
    await expect(createClient({ url }).execute(DeleteModelDocument, { id: 'x' })).rejects.toBeInstanceOf(ApiError);
    expect(asked).toHaveLength(1);
    const keyed = await serve(closes, (_body, response) =>
      response.end('{"data":{"importModel":{"model":{"id":"m"}}}}'),
    );
    const input = { name: 'a', source: { folder: 'a' }, idempotencyKey: 'a' };
    expect(await createClient({ url: keyed.url }).execute(ImportModelDocument, { input })).toMatchObject({
      importModel: { model: { id: 'm' } },
    });
    expect(keyed.asked).toHaveLength(2);
  });

  it('reads an answer that begins with white space', async () => {
    const { url } = await serve((_body, response) => response.end('   {"data":{"system":{"version":"1"}}}'));
    expect(await createClient({ url }).execute(SystemDocument, {})).toMatchObject({ system: { version: '1' } });
  });
});
