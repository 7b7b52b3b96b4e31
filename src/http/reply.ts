/**
 * Sends an answer of the GraphQL engine. One that takes long is kept alive: clients give up on a response without
 * headers after minutes (Node's fetch after 300 s), so a JSON answer begins with white space, which JSON allows.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { drainOf, patienceMs } from './drain.ts';

export const secureHeaders = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
} as const;

/** Silence after which an answer begins with white space. */
const silenceMs = 20_000;

interface AnswerOptions {
  readonly json: boolean;
  readonly everyMs?: number;
  /** Of a reader of events. */
  readonly withinMs?: number;
}

/**
 * Waits for the answer and streams it; ends early, without an error, when the client goes away. What is no JSON is a
 * stream of events, which ends where nothing of it is taken.
 */
export async function sendAnswer(
  response: ServerResponse,
  answer: Promise<Response>,
  { json, everyMs = silenceMs, withinMs = patienceMs }: AnswerOptions,
): Promise<void> {
  const timer = json ? setInterval(() => keepAlive(response), everyMs) : undefined;
  try {
    const { status, headers, body } = await answer;
    clearInterval(timer);
    if (!response.headersSent) response.writeHead(status, { ...Object.fromEntries(headers), ...secureHeaders });
    if (body !== null) await pipe(body, response, json ? undefined : withinMs);
    response.end();
  } finally {
    clearInterval(timer);
  }
}

function keepAlive(response: ServerResponse): void {
  if (response.destroyed) return;
  if (!response.headersSent)
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', ...secureHeaders });
  response.write(' ');
}

async function pipe(body: ReadableStream<Uint8Array>, response: ServerResponse, withinMs?: number): Promise<void> {
  response.flushHeaders();
  const reader = body.getReader();
  // An 'error' before 'close' means gone as well.
  void once(response, 'close')
    .catch(() => {})
    .then(() => reader.cancel().catch(() => {}));
  for (;;) {
    const { value, done } = await reader.read();
    if (done || response.destroyed) break;
    if (!response.write(value)) await drainOf(response, withinMs);
  }
}
