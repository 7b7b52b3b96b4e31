/** Refusals on a socket whose request Node has no response for: malformed ones, upgrades, tunnels, time-outs. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Refusal, refusalBody } from './guard.ts';
import { secureHeaders } from './reply.ts';

/** Writes the refusal as an answer of HTTP/1.1 and ends the connection. */
export function refuseRaw(socket: Duplex, refusal: Refusal): void {
  if (!socket.writable) return void socket.destroy();
  const body = refusalBody(refusal);
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    ...secureHeaders,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`;
  socket.on('error', () => {});
  socket.end([status, ...lines, '', body].join('\r\n'), () => socket.destroy());
}
