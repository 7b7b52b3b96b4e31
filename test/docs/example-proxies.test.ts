/** What the development servers of the examples pass on: requests of their own pages, and those of no others. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { proxy as reactAdmin } from '../../docs/examples/react-admin/proxy.ts';
import { proxy as refine } from '../../docs/examples/refine/proxy.ts';
import type { Context } from '../../src/graphql/context.ts';
import type { Served } from '../../src/graphql/server.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { serve } from '../http/serve.ts';

describe.each([
  ['react-admin', reactAdmin],
  ['refine', refine],
])('the proxy of docs/examples/%s', (_name, proxy) => {
  let [server, vite, root, port] = [{} as HttpServer, {} as ViteDevServer, '', 0];
  beforeAll(async () => {
    const schema = buildSchema('type Query { x: Int }');
    server = await serve({ graphql: createYoga<Served, Context>({ schema, cors: false }) });
    root = await mkdtemp(join(tmpdir(), 'tandem-proxy-'));
    vite = await createServer({
      ...{ root, configFile: false, logLevel: 'silent', appType: 'custom', optimizeDeps: { noDiscovery: true } },
      server: {
        ...{ host: '127.0.0.1', port: 0, watch: null },
        proxy: { '/graphql': { ...proxy['/graphql'], target: server.url } },
      },
    });
    await vite.listen();
    port = (vite.httpServer!.address() as AddressInfo).port;
  });
  afterAll(async () => {
    await vite.close();
    await server.close();
    await rm(root, { recursive: true, force: true });
  });

  /** The status of an operation by POST, and of the upgrade of a WebSocket. */
  async function statusesOf(origin: string, host: string): Promise<[number | undefined, number | undefined]> {
    const headers = { origin, host, 'content-type': 'application/json', 'x-graphql-yoga-csrf': '1' };
    const sent = request(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers, agent: false });
    sent.end('{"query":"{ __typename }"}');
    const [posted] = await once(sent, 'response');
    posted.resume();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', {
      headers: { origin, host },
    });
    const [upgraded] = await Promise.race([
      once(socket, 'upgrade'),
      new Promise<[{ statusCode?: number }]>((resolve) =>
        socket.once('unexpected-response', (_request, refused) => resolve([refused])),
      ),
    ]);
    socket.on('error', () => {}).terminate();
    return [posted.statusCode, upgraded.statusCode];
  }

  it.each(['127.0.0.1', 'localhost'])('passes on what its own page at %s asks', async (name) => {
    expect(await statusesOf(`http://${name}:${port}`, `${name}:${port}`)).toEqual([200, 101]);
  });

  it('has the server refuse what other pages ask', async () => {
    const here = `127.0.0.1:${port}`;
    for (const origin of ['https://evil.example', 'null', `http://localhost:${port}`, `http://${here}.evil.example`])
      expect([origin, await statusesOf(origin, here)]).toEqual([origin, [403, 403]]);
  });

  it('does so for a page whose name was made to resolve to this machine', async () => {
    const [, upgraded] = await statusesOf(`http://evil.example:${port}`, `evil.example:${port}`);
    expect(upgraded).toBe(403);
  });
});
