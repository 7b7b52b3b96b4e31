/**
 * Writes what an attempt tells, in order and in batches: at most 250 ms late, checkpoints at once. Readers are woken
 * after the commit. After a write that fails (the attempt is superseded, the database gone) nothing more is written.
 */

import { eq } from 'drizzle-orm';
import type { Transaction } from '../../db/open.ts';
import type { JobEventData, MainFigure, RunEventData } from '../../db/schema/types.ts';
import { devEvaluations, runs } from '../../db/schema.ts';
import type { TrainEvent } from '../../train/types.ts';
import type { JobContext } from '../define.ts';
import { type CheckpointOwner, recordCheckpoint } from './checkpoints.ts';

export type AttemptEvent = TrainEvent | Extract<RunEventData, { type: 'preparing' }>;

export interface EventWriterOptions {
  readonly context: Pick<JobContext<unknown>, 'storage' | 'retention' | 'record' | 'note'>;
  /** What its checkpoints belong to. */
  readonly owner: CheckpointOwner;
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
    const { context, owner, afterWrite, onFailure } = this.#options;
    try {
      const write = () => context.record((tx) => writeEvents(tx, context, owner, events));
      await (events.some(({ type }) => type === 'checkpoint') ? context.retention.recording(write) : write());
      for (const event of events) if (event.type === 'started') await context.note({ adapter: event.adapter });
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
  context: EventWriterOptions['context'],
  owner: CheckpointOwner,
  events: readonly AttemptEvent[],
): Promise<JobEventData[]> {
  const data: JobEventData[] = [];
  let changes: Partial<typeof runs.$inferInsert> = {};
  for (const event of events) {
    data.push(await toData(tx, context, owner, event));
    changes = { ...changes, ...changesOf(event) };
  }
  if (Object.keys(changes).length > 0) await tx.update(runs).set(changes).where(eq(runs.id, owner.runId));
  return data;
}

async function toData(
  tx: Transaction,
  { storage }: EventWriterOptions['context'],
  owner: CheckpointOwner,
  event: AttemptEvent,
): Promise<JobEventData> {
  if (event.type === 'evaluation') {
    await recordEvaluation(tx, owner, event);
    return { ...event, figures: event.figures.map(mainFigure) };
  }
  if (event.type !== 'checkpoint') return event;
  const { reason, step, epoch, model: digest, bytes } = event;
  return {
    type: 'checkpoint',
    checkpointId: await recordCheckpoint(tx, storage, owner, event),
    reason,
    step,
    epoch,
    digest,
    bytes,
  };
}

type EvaluationEvent = Extract<TrainEvent, { type: 'evaluation' }>;

/** A step that is evaluated again after a resume gives the same figures and replaces them. */
async function recordEvaluation(tx: Transaction, { runId, attempt }: CheckpointOwner, event: EvaluationEvent) {
  const { step, epoch, score, figures, seconds } = event;
  const values = { epoch, attempt, score, figures, seconds };
  await tx
    .insert(devEvaluations)
    .values({ runId, step, ...values })
    .onConflictDoUpdate({ target: [devEvaluations.runId, devEvaluations.step], set: values });
}

function mainFigure({ dataset, split, pooled, task, main, metrics }: EvaluationEvent['figures'][number]): MainFigure {
  return { dataset, split, pooled, task, metric: main, value: metrics[main] ?? null };
}

/** What an event changes in the run's row. */
function changesOf(event: AttemptEvent): Partial<typeof runs.$inferInsert> {
  if (event.type === 'started') {
    const { adapter, steps, parameters, memoryBytes } = event;
    return { adapter, steps, parameters, memoryBytes };
  }
  if (event.type === 'step') {
    const { step, steps, epoch, loss, tokensPerSecond, secondsLeft } = event;
    return { step, steps, epoch, loss, tokensPerSecond, secondsLeft };
  }
  if (event.type === 'evaluation') return { bestScore: event.best.score, bestStep: event.best.step };
  return event.type === 'checkpoint' ? { step: event.step, epoch: event.epoch } : {};
}
