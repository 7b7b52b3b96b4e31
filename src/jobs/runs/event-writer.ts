/**
 * Writes what an attempt tells, in order and in batches: at most 250 ms late, checkpoints at once. Readers are woken
 * after the commit. After a write that fails (the attempt is superseded, the database gone) nothing more is written.
 */

import type { Db, Transaction } from '../../db/open.ts';
import type { RunEventData } from '../../db/schema/types.ts';
import type { RunRow } from '../../db/schema.ts';
import type { Retention } from '../../retention/retention.ts';
import type { Storage } from '../../storage/storage.ts';
import type { TrainEvent } from '../../train/types.ts';
import { recordCheckpoint } from './checkpoint-store.ts';
import { type Attempt, appendEvents, ownRun, recordAdapter } from './store.ts';

export type AttemptEvent = TrainEvent | Extract<RunEventData, { type: 'preparing' }>;

export interface EventWriterOptions {
  readonly db: Db;
  readonly storage: Storage;
  readonly retention: Retention;
  readonly attempt: Attempt;
  /** Runs after the commit, before the next batch. */
  readonly afterWrite: (events: readonly AttemptEvent[]) => Promise<void>;
  /** Called once: nothing more will be written. */
  readonly onFailure: (error: unknown) => void;
}

const batchMs = 250;

export class EventWriter {
  #waiting: AttemptEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();
  #failure: unknown;

  readonly #options: EventWriterOptions;

  constructor(options: EventWriterOptions) {
    this.#options = options;
  }

  add(event: AttemptEvent): void {
    this.#waiting.push(event);
    if (event.type === 'checkpoint') void this.flush().catch(() => {});
    else this.#timer ??= setTimeout(() => void this.flush().catch(() => {}), batchMs);
  }

  /** Resolves when all events so far are committed; rejects when a write has failed. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = this.#last.then(() => this.#write());
    return this.#last;
  }

  async #write(): Promise<void> {
    if (this.#failure) throw this.#failure;
    const events = this.#waiting.splice(0);
    if (events.length === 0) return;
    const { db, storage, retention, attempt, afterWrite, onFailure } = this.#options;
    try {
      const write = () => db.transaction((tx) => writeEvents(tx, storage, attempt, events));
      await (events.some(({ type }) => type === 'checkpoint') ? retention.recording(write) : write());
      await afterWrite(events);
    } catch (error) {
      this.#failure = error;
      onFailure(error);
      throw error;
    }
  }
}

async function writeEvents(
  tx: Transaction,
  storage: Storage,
  attempt: Attempt,
  events: readonly AttemptEvent[],
): Promise<void> {
  const run = await ownRun(tx, attempt);
  const data: RunEventData[] = [];
  let changes: Partial<RunRow> = {};
  for (const event of events) {
    data.push(await toData(tx, storage, run, event));
    changes = { ...changes, ...changesOf(event) };
    if (event.type === 'started') await recordAdapter(tx, attempt, event.adapter);
  }
  await appendEvents(tx, run, data, changes);
}

async function toData(tx: Transaction, storage: Storage, run: RunRow, event: AttemptEvent): Promise<RunEventData> {
  if (event.type !== 'checkpoint') return event;
  const { reason, step, epoch, model: digest, bytes } = event;
  return {
    type: 'checkpoint',
    checkpointId: await recordCheckpoint(tx, storage, run, event),
    reason,
    step,
    epoch,
    digest,
    bytes,
  };
}

/** What an event changes in the run's row. */
function changesOf(event: AttemptEvent): Partial<RunRow> {
  if (event.type === 'started') {
    const { adapter, steps, parameters, memoryBytes } = event;
    return { adapter, steps, parameters, memoryBytes };
  }
  if (event.type === 'step') {
    const { step, steps, epoch, loss, tokensPerSecond, secondsLeft } = event;
    return { step, steps, epoch, loss, tokensPerSecond, secondsLeft };
  }
  return event.type === 'checkpoint' ? { step: event.step, epoch: event.epoch } : {};
}
