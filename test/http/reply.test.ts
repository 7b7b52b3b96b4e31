/** Answers that take long, and clients that leave. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { sendAnswer } from '../../src/http/reply.ts';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function serve(answer: () => Promise<Response>, json: boolean): Promise<string> {
  server = createServer((_request, response) => void sendAnswer(response, answer(), { json, everyMs: 20 }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('a JSON answer that takes long begins with white space', async () => {
  const url = await serve(async () => {
    await sleep(110);
    return Response.json({ data: 7 }, { status: 418 });
  }, true);
  const response = await fetch(url);
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(text).toMatch(/^ +\{"data":7\}$/);
  expect(JSON.parse(text)).toEqual({ data: 7 });
});

it('a quick one is sent as it is', async () => {
  const url = await serve(async () => Response.json({ data: 7 }, { status: 418 }), true);
  const response = await fetch(url);
  expect([response.status, await response.text()]).toEqual([418, '{"data":7}']);
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
});

it('a stream is cancelled when its reader leaves', async () => {
  let cancelled: (reason: unknown) => void = () => {};
  const gone = new Promise((resolve) => {
    cancelled = resolve;
  });
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
    cancel: (reason) => cancelled(reason),
  });
  const url = await serve(async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } }), false);
  const controller = new AbortController();
  const response = await fetch(url, { signal: controller.signal });
  const reader = response.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('data: 1\n\n');
  controller.abort();
  await gone;
});

it('a connection that breaks cancels the stream and nothing else', async () => {
  let cancelled: () => void = () => {};
  const gone = new Promise<void>((resolve) => {
    cancelled = resolve;
  });
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
    cancel: () => cancelled(),
  });
  let broken: ServerResponse | undefined;
  server = createServer((_request, response) => {
    broken = response;
    void sendAnswer(response, Promise.resolve(new Response(body)), { json: false });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await response.body?.getReader().read();
  broken?.emit('error', new Error('write EPIPE'));
  await gone;
});

it('ends a stream of events of which nothing is taken, and no other answer', async () => {
  const piece = new Uint8Array(1024 * 1024);
  const open = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      pull: (controller) => controller.enqueue(piece),
    });
  const ended: boolean[] = [];
  server = createServer(async ({ url }, response) => {
    const json = url === '/json';
    await sendAnswer(response, Promise.resolve(new Response(open())), { json, withinMs: 50 });
    ended.push(json);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const readers = ['/json', '/events'].map((path) => {
    const reader = connect(port, '127.0.0.1').pause();
    reader.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
    return reader;
  });
  await expect.poll(() => ended).toEqual([false]);
  await sleep(150);
  expect(ended).toEqual([false]);
  for (const reader of readers) reader.destroy();
});
