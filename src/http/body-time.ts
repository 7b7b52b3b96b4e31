/**
 * How long requests may take to arrive. Node has one limit for all of them, and a file may take hours where it goes on:
 * so Node's is for heads alone, and bodies have theirs here.
 */
import type { IncomingMessage, Server } from 'node:http';

/** Options of a server whose bodies are limited by {@link limitBodyTime}. */
export const headTimes = { headersTimeout: 60_000, requestTimeout: 0 } as const;

const bodyMs = 300_000;

/** Tells the server, as Node does, of a request that has not come as a whole in time. */
export function limitBodyTime(server: Server, request: IncomingMessage, withinMs: number = bodyMs): void {
  const { headers, socket } = request;
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return;
  const timer = setTimeout(() => {
    if (request.complete || socket.destroyed) return;
    const error = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    server.emit('clientError', error, socket);
  }, withinMs).unref();
  request.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
}
