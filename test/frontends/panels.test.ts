/** A browser tab with 20 live panels over tandem-client, on another origin than the server, while a run trains. */

import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join } from 'node:path';
import { createClient, type Operation } from 'tandem-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openPage } from './browser.ts';
import { root } from './install.mjs';
import { freePort, startServer } from './own-server.ts';
import { makeModel } from './server.ts';
import { prepareTraining, type Training } from './training.ts';

interface Panel {
  readonly title: string;
  readonly seqs: readonly number[];
  readonly isOver: boolean;
  readonly error?: string;
}

const types: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };
const changeSeq: Operation<'query', { readonly changeSeq: number }, object> = {
  kind: 'query',
  name: 'Now',
  text: 'query Now { changeSeq }',
};
const from = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** Serves the page, and the client as it is published. */
async function servePage(port: number): Promise<Server> {
  const server = createServer(async ({ url = '' }, response) => {
    const { pathname } = new URL(url, 'http://127.0.0.1');
    const inClient = pathname.startsWith('/client/');
    const folder = inClient ? join(root, 'dist/packages') : join(import.meta.dirname, 'panels');
    const text = await readFile(join(folder, pathname), 'utf8').catch(() => null);
    if (text === null) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': types[extname(pathname)] ?? 'text/plain' }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

describe('a tab with 20 live panels', () => {
  let server: Awaited<ReturnType<typeof startServer>>;
  let pages: Server;
  let open: Awaited<ReturnType<typeof openPage>>;
  let training: Training;
  let address = '';
  beforeAll(async () => {
    const port = await freePort();
    address = `http://127.0.0.1:${port}`;
    server = await startServer({ TANDEM_ORIGINS: address });
    pages = await servePage(port);
    training = await prepareTraining(server.url, await makeModel(createClient({ url: server.url })), 'faults');
    open = await openPage();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await open.picture('panels-failed');
  });
  afterAll(async () => {
    await open?.close();
    pages?.close();
    await server?.stop();
  });

  const now = async (): Promise<number> => (await training.client.execute(changeSeq, {})).changeSeq;
  const panels = (): Promise<Panel[]> => open.page.evaluate('panels');
  const answers = (): Promise<number[]> => open.page.evaluate('answers');

  it('is told every event once and in order in each, over one connection, and asks meanwhile', async () => {
    const sockets: string[] = [];
    open.page.on('websocket', (socket) => sockets.push(socket.url()));
    const after = await now();
    const run = await training.train('in 20 panels', 150);
    const search = new URLSearchParams({ server: server.url, run, after: String(after) });
    await open.page.goto(`${address}/index.html?${search}`);
    await training.end(run);
    const last = await now();
    const ofRun = async (): Promise<Panel[]> => (await panels()).filter(({ title }) => title.endsWith('loss'));
    const ofChanges = async (): Promise<Panel[]> => (await panels()).filter(({ title }) => title.endsWith('changes'));
    await expect
      .poll(async () => (await ofRun()).map(({ isOver, error }) => error ?? isOver), { timeout: 60_000 })
      .toEqual(Array(10).fill(true));
    await expect
      .poll(async () => (await ofChanges()).map(({ seqs, error }) => error ?? (seqs.at(-1) ?? 0) >= last), {
        timeout: 60_000,
      })
      .toEqual(Array(10).fill(true));
    await open.picture('panels');
    for (const { seqs } of await ofRun()) {
      expect(seqs.length).toBeGreaterThan(150);
      expect(seqs).toEqual(from(1, seqs.length));
    }
    for (const { seqs } of await ofChanges()) expect(seqs).toEqual(from(after + 1, seqs.at(-1) ?? 0));
    expect(sockets).toEqual([`${server.url.replace('http', 'ws')}/graphql`]);
    const waits = await answers();
    expect(waits.length).toBeGreaterThan(10);
    // A frozen tab waits for ever; the machine may have other work.
    expect(Math.max(...waits)).toBeLessThan(5_000);
    expect(open.errors).toEqual([]);
  });

  it('would freeze with an event stream each, by the six connections of a browser', async () => {
    const run = await training.train('on event streams', 1);
    await training.end(run);
    const search = new URLSearchParams({ server: server.url, run, after: String(await now()), streams: '' });
    await open.page.goto(`${address}/index.html?${search}`);
    // Streams of the ended run make room for others; then six of changes stay open.
    await expect.poll(async () => (await panels()).filter(({ isOver }) => isOver).length).toBeGreaterThan(0);
    await open.page.waitForTimeout(3_000);
    const answered = (await answers()).length;
    await open.page.waitForTimeout(2_000);
    expect((await answers()).length).toBe(answered);
  });
});
