/**
 * Numbers the changes that are committed. The work is done by `sequence_changes` of the database, under a lock, so any
 * number of hosts may ask for it. It is asked for after every commit of this process that wrote something, and every
 * now and then where other hosts write too, also when nobody listens: so the outbox stays short.
 */
import { sql } from 'drizzle-orm';
import type { Database } from '../../db/open.ts';
import { SharedCall } from '../../live/shared-call.ts';
import type { Logger } from '../../log.ts';

interface SequencerOptions {
  readonly database: Pick<Database, 'db' | 'onWritten' | 'kind'>;
  readonly log: Logger;
  /** Told that there are new numbers, also those that another host gave. */
  readonly onNumbered: () => void;
}

/** Hosts that share a Postgres look for what the others wrote, as jobs do: LISTEN fails behind some poolers. */
const lookEveryMs = 2_000;
const againMs = 2_000;

export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #call = new SharedCall(() => this.#sequence());
  readonly #unsubscribe: () => void;
  readonly #looking: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #last = 0;
  #failed = false;
  #stopped = false;

  constructor(options: SequencerOptions) {
    this.#options = options;
    const { database } = options;
    this.#unsubscribe = database.onWritten(() => this.wake());
    if (database.kind === 'postgres') this.#looking = setInterval(() => this.wake(), lookEveryMs).unref();
  }

  /** The last number that this process knows. */
  get last(): number {
    return this.#last;
  }

  /** The last number, with that of all that was committed before the call except progress that still waits. */
  now(): Promise<number> {
    return this.#call.now();
  }

  /** Has what is committed numbered soon. What fails is done again later: the outbox keeps it. */
  wake(): void {
    if (this.#stopped) return;
    this.now().then(
      () => {
        this.#failed = false;
      },
      (error: unknown) => {
        if (!this.#failed) this.#options.log.warn({ error }, 'changes could not be numbered yet');
        this.#failed = true;
        this.#wakeIn(againMs);
      },
    );
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#looking);
    clearTimeout(this.#timer);
    this.#unsubscribe();
    await this.#call.settled();
  }

  async #sequence(): Promise<number> {
    const { database, onNumbered } = this.#options;
    const { rows } = await database.db.execute<{ last_seq: string; waits_ms: number | null }>(
      sql`select last_seq, waits_ms from sequence_changes()`,
    );
    const last = Number(rows[0]?.last_seq);
    const waitsMs = rows[0]?.waits_ms ?? null;
    if (waitsMs !== null) this.#wakeIn(waitsMs);
    const isNew = last !== this.#last;
    this.#last = last;
    if (isNew) onNumbered();
    return last;
  }

  #wakeIn(ms: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), Math.ceil(ms)).unref();
  }
}
