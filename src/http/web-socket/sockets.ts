/**
 * graphql-ws (the protocol graphql-transport-ws) over WebSockets: any number of operations on one connection, each run
 * as one that is sent by itself. Called by http/server.ts, which has checked Host and Origin of the upgrade.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { handleProtocols, type Server as Protocol } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Logger } from '../../log.ts';
import { mostConnections, notAWebSocket, tooManyConnections } from '../connection-refusals.ts';
import type { Refusal } from '../guard.ts';
import { refuseRaw } from '../raw-refusal.ts';
import { openProtocol, type ProtocolOptions, type Upgraded } from './protocol.ts';

export interface SocketOptions extends Omit<ProtocolOptions, 'owners'> {
  /** The largest message, in bytes. */
  readonly bodyBytes: number;
  readonly logger: Logger;
}

/** A connection that does not answer a ping in this time, because it is gone or does not read, is ended. */
const pingMs = 15_000;

/** What may wait to be sent before nothing more is read from a connection, in bytes. */
const mostWaiting = 1024 * 1024;

export class Sockets {
  readonly #server: WebSocketServer;
  readonly #protocol: Protocol<Upgraded>;
  readonly #logger: Logger;
  /** Open connections, the oldest first. */
  readonly #opened = new Map<WebSocket, Upgraded>();

  constructor({ bodyBytes, logger, ...options }: SocketOptions) {
    this.#logger = logger;
    const owners = () => [...this.#opened.values()].flatMap(({ by }) => by?.caller ?? []);
    this.#protocol = openProtocol({ ...options, owners });
    // One message in a turn of the event loop, so that a connection with many keeps nobody else waiting.
    const behavior = { allowSynchronousEvents: false, perMessageDeflate: false };
    this.#server = new WebSocketServer({ noServer: true, maxPayload: bodyBytes, handleProtocols, ...behavior });
    this.#server.on('wsClientError', (error, socket) => refuseRaw(socket, notAWebSocket(error.message)));
  }

  /** Makes a connection of an upgrade, or refuses it. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): Refusal | null {
    if (this.#server.clients.size >= mostConnections && !this.#makeRoom()) return tooManyConnections();
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#serve(opened, request));
    return null;
  }

  /** Tells every client to come back later, and ends what has not gone in `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const { clients } = this.#server;
    const gone = [...clients].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of clients) socket.close(1001, 'The server is stopping');
    await Promise.race([Promise.all(gone), sleep(graceMs, undefined, { ref: false })]);
    for (const socket of clients) socket.terminate();
    this.#server.close();
  }

  /** Ends the oldest connection that has not said whose it is, so that nobody without a key keeps others out. */
  #makeRoom(): boolean {
    for (const [socket, { by }] of this.#opened) {
      if (by) continue;
      this.#opened.delete(socket);
      socket.terminate();
      return true;
    }
    return false;
  }

  #serve(socket: WebSocket, request: IncomingMessage): void {
    const [pings, gone] = [keepAlive(socket), new AbortController()];
    const upgraded: Upgraded = {
      request,
      close: (code, reason) => socket.close(code, reason),
      gone: gone.signal,
    };
    this.#opened.set(socket, upgraded);
    const send = (data: string): Promise<void> =>
      new Promise((resolve) => {
        if (socket.readyState !== socket.OPEN) return resolve();
        // Called once the system has taken it: an operation makes its next result after that. A connection that broke
        // meanwhile ends with `close`.
        socket.send(data, () => {
          if (socket.isPaused && socket.bufferedAmount < mostWaiting) socket.resume();
          resolve();
        });
        if (socket.bufferedAmount >= mostWaiting) socket.pause();
      });
    let receive: (text: string) => Promise<void> = async () => {};
    const closed = this.#protocol.opened(
      {
        protocol: socket.protocol,
        send,
        close: upgraded.close,
        onMessage: (listener) => {
          receive = listener;
        },
      },
      upgraded,
    );
    socket.on('message', (data) => {
      // Whom the server has told to go may still send for half a minute, with a key that was revoked for example.
      if (socket.readyState !== socket.OPEN) return;
      receive(String(data)).catch((error: unknown) => {
        if (isForServers(error)) return socket.close(4400, error.message);
        this.#logger.error({ err: error }, 'a message of a WebSocket failed');
        socket.close(4500, 'Internal server error');
      });
    });
    // A frame that breaks the protocol, or one that is too large: ws closes the connection with the code for it.
    socket.on('error', (error) => this.#logger.debug({ err: error }, 'a WebSocket broke'));
    socket.once('close', (code, reason) => {
      clearInterval(pings);
      this.#opened.delete(socket);
      gone.abort();
      void closed(code, String(reason));
    });
  }
}

/** What the library throws where a client sends a message that only servers send. */
const isForServers = (error: unknown): error is Error =>
  error instanceof Error && error.message.startsWith('Unexpected message of type');

function keepAlive(socket: WebSocket): NodeJS.Timeout {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  return setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, pingMs);
}
