/**
 * One request of a connection at a time. Clients may send many without waiting for answers (pipelining), which must go
 * back in their order anyway; worked on at once, 20,000 of them would keep the event loop from everybody else.
 */
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** Requests of one connection that may wait for those before them. Clients that pipeline send a few. */
export const mostWaiting = 32;

interface Line {
  last: Promise<void>;
  waiting: number;
  /** Requests since one was refused. */
  leftOut: number | undefined;
}

/** A client that goes on sending after a refusal loses its connection, with the answers that were under way. */
const mostLeftOut = 500;

export class Turns {
  readonly #lines = new WeakMap<Socket, Line>();

  /**
   * Resolves with `work`, after that of the connection's earlier requests. Where too many wait, `refuse` answers this
   * one and ends the connection; what comes after it is left out, and too much of it ends the connection at once.
   */
  async take(socket: Socket, work: () => Promise<void>, refuse: () => void): Promise<void> {
    const line = this.#lineOf(socket);
    if (line.leftOut !== undefined) {
      if (++line.leftOut > mostLeftOut) socket.destroy();
      return;
    }
    if (line.waiting >= mostWaiting) {
      line.leftOut = 0;
      return refuse();
    }
    const before = line.waiting === 0 ? undefined : line.last;
    line.waiting++;
    const mine = inTurn(socket, before, work).finally(() => {
      line.waiting--;
    });
    line.last = mine.catch(() => {});
    return mine;
  }

  #lineOf(socket: Socket): Line {
    const found = this.#lines.get(socket);
    if (found) return found;
    const line: Line = { last: Promise.resolve(), waiting: 0, leftOut: undefined };
    this.#lines.set(socket, line);
    return line;
  }
}

async function inTurn(socket: Socket, before: Promise<void> | undefined, work: () => Promise<void>): Promise<void> {
  if (before) {
    await before;
    // Other connections come first.
    await setImmediate();
  }
  if (!socket.destroyed) await work();
}
