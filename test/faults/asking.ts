/** Asks as a client does whose server goes away and comes back: until it is told how the request ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type TandemClient } from '../../src/client/index.ts';

/** While it is closed nobody begins a request. */
export class Gate {
  /** When it was opened last, by Date.now(). */
  openedAt = Date.now();
  #opened = Promise.resolve();
  #open = () => {};

  close(): void {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.openedAt = Date.now();
    this.#open();
  }

  pass(): Promise<void> {
    return this.#opened;
  }
}

/** Longer than a server that is left alone takes for any request, the pause after a second death included. */
const patienceMs = 120_000;

/** The server ended, before or while it answered, or its database did not respond. */
export const isPassing = (error: unknown): boolean =>
  error instanceof ApiError
    ? error.unreachable || error.code === 'UNAVAILABLE'
    : error instanceof TypeError && error.message === 'terminated';

const reasonOf = (error: unknown): unknown =>
  error instanceof ApiError ? (error.extensions as { reason?: string }).reason : undefined;

export interface Asker {
  readonly gate: Gate;
  client(): TandemClient;
}

/** `again` = an earlier try had no answer. */
async function untilAnswered<T>({ gate, client }: Asker, ask: (c: TandemClient, again: boolean) => Promise<T>) {
  for (let again = false; ; again = true) {
    await gate.pass();
    try {
      return await ask(client(), again);
    } catch (error) {
      if (Date.now() > gate.openedAt + patienceMs || !isPassing(error)) throw error;
      await sleep(100);
    }
  }
}

/** A request that does no harm when it is done twice. */
export const askAgain = <T>(asker: Asker, ask: (client: TandemClient) => Promise<T>): Promise<T> =>
  untilAnswered(asker, ask);

/** A request under a key, and under another one where its process died three times of it. Tells of each key. */
export async function askKeyed<T>(
  asker: Asker,
  keyed: (given: number) => string,
  ask: (client: TandemClient, key: string) => Promise<T>,
): Promise<T> {
  for (let given = 0; ; given++) {
    const key = keyed(given);
    try {
      return await untilAnswered(asker, (client) => ask(client, key));
    } catch (error) {
      if (reasonOf(error) !== 'attempts') throw error;
    }
  }
}

/** A deletion: what an earlier try may have deleted is gone. */
export const askGone = (asker: Asker, ask: (client: TandemClient) => Promise<unknown>): Promise<void> =>
  untilAnswered(asker, async (client, again) => {
    await ask(client).catch((error: unknown) => {
      if (!again || !(error instanceof ApiError) || error.code !== 'NOT_FOUND') throw error;
    });
  });
