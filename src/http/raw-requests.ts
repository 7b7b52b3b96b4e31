/**
 * Requests that Node gives to no handler of requests, and would answer without a body or not at all: malformed ones,
 * those that take too long, tunnels, expectations, and upgrades. Called by server.ts.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Refusal, refuse } from './guard.ts';
import { refuseRaw } from './raw-refusal.ts';

export interface RawOptions {
  /** The response that a connection is getting, where it gets one. */
  readonly answering: (socket: Duplex) => ServerResponse | undefined;
  /** Answers a request by a response. */
  readonly refuse: (response: ServerResponse, refusal: Refusal) => void;
  /** Takes over the connection of a WebSocket; else says why not. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => Refusal | null;
}

export function answerRawRequests(server: Server, { answering, refuse, upgrade }: RawOptions): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // Nothing can be written into an answer that has begun, or to a client that has gone.
    if (error.code === 'ECONNRESET' || answering(socket)?.headersSent) return socket.destroy();
    refuseRaw(socket, malformed(error));
  });
  server.on('connect', (_request, socket: Duplex) => refuseRaw(socket, noTunnel()));
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    refuse(response, unknownExpectation(String(request.headers.expect))),
  );
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket')
      return answerWithoutUpgrade(server, request, socket, head);
    const refusal = upgrade(request, socket, head);
    if (refusal) refuseRaw(socket, refusal);
  });
}

/**
 * HTTP allows a server to pass over an upgrade. Clients that would rather speak HTTP/2 offer it with their first
 * request; Node has read the head of that one, so it is put back without the offer.
 */
function answerWithoutUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (!['upgrade', 'http2-settings', 'connection'].includes(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  const closes = /\bclose\b/i.test(request.headers.connection ?? '');
  lines.push(`connection: ${closes ? 'close' : 'keep-alive'}`, '', '');
  socket.unshift(Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), head]));
  server.emit('connection', socket);
}

function malformed({ code }: NodeJS.ErrnoException): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return refuse(431, 'LIMIT_EXCEEDED', 'The headers of the request are too large', {
      field: 'headers',
      expected: 'headers of at most 16 KiB',
      remedy: 'Send fewer or shorter headers, and the operation in the body.',
    });
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return refuse(408, 'LIMIT_EXCEEDED', 'The request took too long to arrive', {
      field: 'request',
      expected: 'headers within a minute and the whole request within five',
      remedy: 'Send the request again, and large data in several requests.',
    });
  }
  return refuse(400, 'BAD_USER_INPUT', 'The request is not valid HTTP', {
    field: 'request',
    expected: 'a request of HTTP/1.1',
    remedy: `Correct what the client sends${code ? ` (${code})` : ''}.`,
  });
}

const noTunnel = (): Refusal =>
  refuse(405, 'BAD_USER_INPUT', 'CONNECT is not offered', {
    field: 'method',
    expected: 'a request to this server, which is no proxy',
    remedy: 'Take this server out of the proxies of the client.',
  });

const unknownExpectation = (what: string): Refusal =>
  refuse(417, 'BAD_USER_INPUT', `The expectation ${JSON.stringify(what.slice(0, 100))} cannot be met`, {
    field: 'expect',
    expected: '100-continue, or no such header',
    remedy: 'Leave the header out.',
  });
