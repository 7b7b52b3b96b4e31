/** One WebSocket of an attacker: who opens it, what it says at first, and an operation behind that. */
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Draws, pick } from '../draws.ts';
import { accessHeaders, initPayload } from './access.ts';
import type { Operation } from './documents.ts';
import type { Answered } from './judge.ts';

export interface SocketRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly messages: readonly string[];
}

export function socketRequest(
  draw: Draws,
  site: { port: number; viewer: string },
  operation: Operation,
): SocketRequest {
  const { authorization: _own, ...headers } = accessHeaders(draw, site);
  const { query, variables } = operation;
  const subscribe = { id: '1', type: 'subscribe', payload: { query, variables } };
  const init = { type: 'connection_init', payload: initPayload(draw, site) };
  const odd = pick<unknown>(draw, [
    ...[{ type: 'ping' }, { type: 'pong', payload: {} }, { type: 'complete', id: '1' }, { type: 'complete' }, init],
    ...[
      { type: 'subscribe', id: '', payload: {} },
      { type: 'subscribe', id: '2', payload: { query: 7 } },
      { type: 'x' },
    ],
    ...[null, [], 'x', { type: 'next', id: '1', payload: {} }, { ...subscribe, payload: { documentId: 'x' } }],
  ]);
  const [hasInit, isOdd] = [draw() < 0.9, draw() < 0.3];
  const messages = [...(hasInit ? [init] : []), ...(isOdd ? [odd] : []), subscribe, { type: 'complete', id: '1' }];
  return { headers, messages: messages.map((message) => JSON.stringify(message)) };
}

/** Close codes that tell of a defect of the server. */
const failures: readonly number[] = [1011, 4500];
/** How long the messages of a connection are read, in milliseconds. */
const listenMs = 150;

/** What came back, each message or refusal as an answer; a close that tells of a defect is one of the status 500. */
export async function sendSocket(port: number, { headers, messages }: SocketRequest): Promise<Answered[]> {
  const answers: Answered[] = [];
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', { headers });
  const closed = new Promise<void>((resolve) => {
    socket.on('error', () => resolve());
    socket.on('close', (code, reason) => {
      if (failures.includes(code)) answers.push({ status: 500, type: 'text/plain', body: `${code} ${reason}` });
      resolve();
    });
    socket.on('unexpected-response', async (_request, response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      answers.push({ status: response.statusCode ?? 0, type: 'application/json', body });
      resolve();
    });
  });
  socket.on('message', (data) => {
    const { type, payload } = JSON.parse(String(data)) as { type: string; payload?: unknown };
    if (type !== 'next' && type !== 'error') return;
    const body = JSON.stringify(type === 'error' ? { errors: payload } : payload);
    answers.push({ status: 200, type: 'application/json', body });
  });
  const [last = '', ...before] = [...messages].reverse();
  socket.on('open', async () => {
    for (const message of before.reverse()) socket.send(message);
    await sleep(listenMs / 2);
    if (socket.readyState === socket.OPEN) socket.send(last);
  });
  await Promise.race([closed, sleep(listenMs * 2)]);
  socket.terminate();
  return answers;
}
